// SPDX-License-Identifier: Apache-2.0

/// What the fields of a head say about its body and its connection (RFC 9112 sections 6 and 9, RFC 9110 section 10.1.1).
struct MessageFraming {
    /// How the end of the body is found.
    enum Body: Equatable {
        case none
        case length(Int)
        case chunked
    }

    let body: Body
    let keepsAlive: Bool
    let expectsContinue: Bool

    /// Checks every rule that takes several fields together.
    init(_ headers: HTTPHeaders, _ version: HTTPVersion) throws(HTTPProtocolError) {
        try Self.checkHost(headers, version)
        body = try Self.body(headers, version)
        let options = headers.matching("connection")
        let closes = options.contains { headers.value($0, lists: "close") }
        let keeps = version == .http11 || options.contains { headers.value($0, lists: "keep-alive") }
        keepsAlive = keeps && !closes
        expectsContinue = try Self.expectsContinue(headers, version) && body != .none && body != .length(0)
    }

    private static func body(_ headers: HTTPHeaders, _ version: HTTPVersion) throws(HTTPProtocolError) -> Body {
        let lengths = Array(headers.matching("content-length"))
        let codings = Array(headers.matching("transfer-encoding"))
        if let coding = codings.first {
            guard lengths.isEmpty else { throw .ambiguousLength }
            guard version == .http11, codings.count == 1, !coding.value.isEmpty else { throw .invalidTransferEncoding }
            if headers.value(coding, is: "chunked") { return .chunked }
            throw refusal(ofCoding: headers.value(coding))
        }
        guard let length = lengths.first else { return .none }
        guard lengths.count == 1, let count = decimal(headers.bytes[length.value]) else { throw .invalidContentLength }
        return .length(count)
    }

    /// Chunked before another coding leaves the body without an end; any other coding is one we do not know.
    private static func refusal(ofCoding value: String) -> HTTPProtocolError {
        let codings = value.lowercased().split(separator: ",", omittingEmptySubsequences: false)
        let names = codings.map { String($0).utf8.filter { !ASCII.isBlank($0) } }
        return names.dropLast().contains(Array("chunked".utf8)) ? .invalidTransferEncoding : .unsupportedTransferCoding
    }

    /// Digits and nothing else; nil as well when they do not fit.
    static func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard ASCII.isDigit(digit) else { return nil }
            let (tens, first) = value.multipliedReportingOverflow(by: 10)
            let (sum, second) = tens.addingReportingOverflow(Int(digit - ASCII.zero))
            guard !first, !second else { return nil }
            value = sum
        }
        return digits.isEmpty ? nil : value
    }

    private static func expectsContinue(
        _ headers: HTTPHeaders, _ version: HTTPVersion
    ) throws(HTTPProtocolError) -> Bool {
        guard version == .http11 else { return false }
        var expects = false
        for field in headers.matching("expect") {
            guard headers.value(field, is: "100-continue") else { throw .expectationFailed }
            expects = true
        }
        return expects
    }

    /// One Host in HTTP/1.1, at most one in 1.0, and a valid one (RFC 9112 section 3.2).
    private static func checkHost(_ headers: HTTPHeaders, _ version: HTTPVersion) throws(HTTPProtocolError) {
        let hosts = Array(headers.matching("host"))
        guard hosts.count == 1 || hosts.isEmpty && version == .http10 else { throw .invalidHost }
        guard let host = hosts.first, !host.value.isEmpty else { return }
        guard isAuthority(headers.bytes[host.value]) else { throw .invalidHost }
    }

    /// `uri-host [":" port]`, where the host is a name, an IPv4 address or an IPv6 address in brackets.
    static func isAuthority(_ text: ArraySlice<UInt8>) -> Bool {
        let host: ArraySlice<UInt8>
        if text.first == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = text[(text.startIndex + 1)..<close]
            let isAddress = address.allSatisfy {
                ASCII.hexValue($0) != nil || $0 == ASCII.colon || $0 == UInt8(ascii: ".")
            }
            guard !address.isEmpty, isAddress else { return false }
            host = text[...close]
        } else {
            host = text.prefix { ASCII.isHostName($0) }
        }
        let port = text[host.endIndex...]
        return port.isEmpty || port.first == ASCII.colon && port.dropFirst().allSatisfy(ASCII.isDigit)
    }
}
