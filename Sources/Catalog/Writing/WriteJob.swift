// SPDX-License-Identifier: Apache-2.0

/// One write on its way to disk, with what to do when it is there.
package struct WriteJob: Sendable {
    /// What acknowledges the write once it is on disk.
    typealias Acknowledgement = @Sendable () -> Void

    /// About how many bytes it writes, for the size of a transaction.
    let bytes: Int
    /// Does the work inside the transaction.
    let attempt: @Sendable (WriteScope) -> Result<Acknowledgement, CatalogError>
    /// Says that nothing of the write remains.
    let refuse: @Sendable (CatalogError) -> Void

    /// `work` runs in the transaction, `completion` once after it, on the writer's queue.
    package init<Value: Sendable>(
        bytes: Int, work: @escaping @Sendable (WriteScope) throws(CatalogError) -> Value,
        completion: @escaping @Sendable (Result<Value, CatalogError>) -> Void
    ) {
        self.bytes = bytes
        attempt = { scope in
            do throws(CatalogError) {
                let value = try work(scope)
                return .success({ completion(.success(value)) })
            } catch {
                return .failure(error)
            }
        }
        refuse = { completion(.failure($0)) }
    }
}
