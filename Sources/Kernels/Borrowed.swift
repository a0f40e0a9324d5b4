// SPDX-License-Identifier: Apache-2.0

/// Pointers lent to the threads of one ``ComputePool`` loop.
///
/// `@unchecked Sendable`: the loop ends before the lender's scope does, and its items write disjoint parts.
package struct Borrowed<Value>: @unchecked Sendable {
    package let value: Value

    package init(_ value: Value) { self.value = value }
}
