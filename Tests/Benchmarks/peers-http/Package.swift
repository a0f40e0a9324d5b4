// swift-tools-version:6.0
// SPDX-License-Identifier: Apache-2.0
// Hummingbird as a yardstick for Facet's HTTP server. Not part of Facet: nothing of it is built or linked by the package.

import PackageDescription

let package = Package(
    name: "peers-http",
    dependencies: [.package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.20.0")],
    targets: [.executableTarget(name: "server", dependencies: [.product(name: "Hummingbird", package: "hummingbird")])])
