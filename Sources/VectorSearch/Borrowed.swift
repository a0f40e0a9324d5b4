// SPDX-License-Identifier: Apache-2.0

/// A pointer lent to other threads for the length of one call.
///
/// `@unchecked Sendable`: the lender waits until every borrower is done, and borrowers write to places of their own.
struct Borrowed<Value>: @unchecked Sendable {
    let value: Value

    init(_ value: Value) {
        self.value = value
    }
}
