// SPDX-License-Identifier: Apache-2.0

internal import CPostgres
internal import Catalog

/// The hosts of a connection URL, each with everything that libpq needs to connect to it alone.
///
/// libpq's own walk over several hosts gives each of them no time of its own when it is not to block, so one that does not
/// answer would use up the call's.
struct HostList: Sendable {
    let hosts: [[(keyword: String, value: String)]]

    private static let usualPort = "5432"

    /// Throws `unusableServer` for what libpq does not read.
    init(url: String) throws(CatalogError) {
        var reason: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(url, &reason) else {
            if let reason { PQfreemem(reason) }
            // libpq's words would repeat the password.
            throw .unusableServer(
                reason: "The address of the catalog's server is not one: postgres://USER:PASSWORD@HOST:PORT/DATABASE.")
        }
        defer { PQconninfoFree(options) }
        var lists: [String: [String]] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            let name = String(cString: keyword)
            if ["host", "hostaddr", "port"].contains(name), let value = option.pointee.val {
                lists[name] = String(cString: value).split(separator: ",", omittingEmptySubsequences: false).map(
                    String.init)
            }
            option += 1
        }
        let count = max(lists["host"]?.count ?? 0, lists["hostaddr"]?.count ?? 0)
        let before = [
            ("target_session_attrs", "read-write"), ("application_name", "facet"), ("keepalives_idle", "10"),
            ("keepalives_interval", "5"), ("keepalives_count", "3"), ("tcp_user_timeout", "20000"), ("dbname", url),
        ]
        let one = before + [("client_encoding", "UTF8")]
        guard count > 1 else {
            hosts = [one.map { (keyword: $0.0, value: $0.1) }]
            return
        }
        hosts = (0..<count).map { place in
            let own = ["host", "hostaddr", "port"].compactMap { name -> (String, String)? in
                guard let list = lists[name] else { return nil }
                let value = place < list.count ? list[place] : list.last ?? ""
                // An empty one would leave the list of all hosts' ports in force, which does not fit one host.
                return (name, name == "port" && value.isEmpty ? Self.usualPort : value)
            }
            return (one + own).map { (keyword: $0.0, value: $0.1) }
        }
    }
}
