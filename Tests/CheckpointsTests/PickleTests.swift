// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Tensors
import Testing

@Suite("Pickles, honest and hostile")
struct PickleTests {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private func refuses(
        _ bytes: [UInt8], _ expected: String, limits: CheckpointLimits = CheckpointLimits(),
        at location: SourceLocation = #_sourceLocation
    ) {
        let error = #expect(throws: CheckpointError.self, sourceLocation: location) {
            try scratch.open(bytes, limits: limits)
        }
        #expect(
            error?.description.contains(expected) == true, "\(String(describing: error))", sourceLocation: location)
    }

    /// `times` repetitions of `bytes`.
    private func repeated(_ bytes: [UInt8], _ times: Int) -> [UInt8] {
        Array(repeatElement(bytes, count: times).joined())
    }

    private static let three: (key: String, count: Int, bytes: [UInt8]) = (
        "0", 3, [Float(1), 2, 3].flatMap { little($0.bitPattern) }
    )

    @Test(
        "What training programs put beside the weights does not hinder reading them",
        arguments: [
            "rich.zip.pt", "rich4.zip.pt", "rich.legacy.pt", "rich4.legacy.pt",
        ])
    func richFiles(name: String) throws {
        let expected = try Checkpoint.open(Fixture.path("rich.safetensors"))
        let found = try Checkpoint.open(Fixture.path(name))
        for entry in expected.entries {
            #expect(found.shape(of: entry.name) == entry.shape)
            #expect(try found.tensor(entry.name).values == expected.tensor(entry.name).values, "\(entry.name)")
        }
        #expect(found.metadata["epoch"] == "7" && found.metadata["arch"] == "resnet50")
        #expect(throws: CheckpointError.wrongType(name: "complex", found: .complex64)) { try found.tensor("complex") }
        #expect(found.shape(of: "odd") == nil && found.shape(of: "scale") == nil)
        #expect(try CanonicalNames(found.entries).mapping["heads.0.2.weight"] == "projector.2.weight")
    }

    @Test("A pickled module is refused with what to save instead")
    func wholeModule() {
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(Fixture.path("module.zip.pt")) }
        #expect(error?.description.contains("state_dict()") == true)
    }

    @Test("The state dict is taken where there is one, else dictionaries are joined with dots")
    func stateDict() throws {
        let tensor = Pickle.tensor(Pickle.storage("0", count: 3), offset: 0, size: [3], stride: [1])
        func names(_ key: String) throws -> [String] {
            let object = Pickle.dict([
                (Pickle.text("w"), tensor), (Pickle.text(key), Pickle.dict([(Pickle.text("a"), tensor)])),
                (Pickle.int(5), Pickle.text("word")), (Pickle.emptyDict, Pickle.text("no name")),
            ])
            let found = try scratch.open(Pickle.legacy(object, storages: [Self.three]))
            #expect(found.metadata == ["5": "word"])
            return found.entries.map(\.name)
        }
        for key in ["state_dict", "model_state_dict", "classy_state_dict"] { #expect(try names(key) == ["a"]) }
        #expect(try names("backbone") == ["backbone.a", "w"])
    }

    @Test("An ordered dictionary made from pairs, and a tensor with attributes, are read")
    func otherCalls() throws {
        let tensor = Pickle.tensor(Pickle.storage("0", count: 3), offset: 0, size: [3], stride: [1])
        let pair = Pickle.tuple([Pickle.text("a"), tensor])
        let list = Array("](".utf8) + pair + Array("e".utf8)
        let object = Pickle.global("collections", "OrderedDict") + Pickle.tuple([list]) + Pickle.reduce
        let found = try scratch.open(Pickle.legacy(object, storages: [Self.three]))
        #expect(try found.tensor("a").values == [1, 2, 3])
    }

    @Test("A view of a storage, as old files have them, begins where it says")
    func views() throws {
        let view = Pickle.tuple([Pickle.text("v"), Pickle.int(1), Pickle.int(2)])
        func file(_ offset: Int) -> [UInt8] {
            let storage = Pickle.storage("0", count: 3, view: view)
            let tensor = Pickle.tensor(storage, offset: offset, size: [2], stride: [1])
            return Pickle.legacy(Pickle.dict([(Pickle.text("a"), tensor)]), storages: [Self.three])
        }
        #expect(try scratch.open(file(0)).tensor("a").values == [2, 3])
        refuses(file(1), "elements are 2...3 of a storage of 3")
        refuses(file(.max), "begins outside its storage")
    }

    @Test("Tensors of types that are not read are left out; a file of nothing else is refused")
    func otherTypes() throws {
        let odd = Pickle.tensor(
            Pickle.storage("q", type: "QInt8Storage", count: 2), offset: 0, size: [2], stride: [1])
        let good = Pickle.tensor(Pickle.storage("0", count: 3), offset: 0, size: [3], stride: [1])
        let both = Pickle.dict([(Pickle.text("q"), odd), (Pickle.text("w"), good)])
        let found = try scratch.open(Pickle.legacy(both, storages: [("q", 2, [1, 2]), Self.three]))
        #expect(try found.tensor("w").values == [1, 2, 3] && found.entries.count == 1)
        refuses(Pickle.legacy(Pickle.dict([(Pickle.text("q"), odd)]), storages: [("q", 2, [1, 2])]), "not read")
        let unknown = Pickle.tensor(
            Pickle.storage("q", type: "NewStorage", count: 2), offset: 0, size: [2], stride: [1])
        refuses(Pickle.legacy(Pickle.dict([(Pickle.text("q"), unknown)]), storages: [("q", 2, [1, 2])]), "not read")
    }

    @Test("A long size recalled from the memo again and again does not multiply memory")
    func sizeBomb() {
        let storage = Pickle.storage("0", count: 3) + Pickle.put(1)
        let size = Pickle.tuple(repeated([[0x4B, 1]], 50_000)) + Pickle.put(2)
        let call = Pickle.global("torch._utils", "_rebuild_tensor_v2") + Pickle.put(3)
        let arguments = Pickle.tuple([Pickle.get(1), [0x4B, 0], Pickle.get(2), Pickle.get(2)]) + Pickle.put(4)
        let bomb = storage + size + call + arguments + repeated(Pickle.get(3) + Pickle.get(4) + Pickle.reduce, 15_000)
        refuses(Pickle.legacy(bomb, storages: [Self.three]), "described in a way that is not known")
    }

    @Test("A size within the limit counts what it copies")
    func sizeCounts() {
        var limits = CheckpointLimits()
        limits.pickleOperationsFloor = 3000
        let storage = Pickle.storage("0", count: 3) + Pickle.put(1)
        let size = Pickle.tuple(repeated([[0x4B, 1]], 64)) + Pickle.put(2)
        let call = Pickle.global("torch._utils", "_rebuild_tensor_v2") + Pickle.put(3)
        let arguments = Pickle.tuple([Pickle.get(1), [0x4B, 0], Pickle.get(2), Pickle.get(2)]) + Pickle.put(4)
        let bomb = storage + size + call + arguments + repeated(Pickle.get(3) + Pickle.get(4) + Pickle.reduce, 30)
        refuses(Pickle.legacy(bomb, storages: [Self.three]), "more objects", limits: limits)
    }

    @Test("Names recalled from the memo and joined do not multiply memory")
    func nameBombs() {
        let long = Pickle.text(String(repeating: "a", count: 100_000)) + Pickle.put(1)
        let joined = repeated(Pickle.get(1) + Pickle.get(1) + [0x93], 20_000)
        refuses(Pickle.legacy(long + joined), "no dictionary")
        let nested = (0..<10).reduce([0x4E]) { inner, _ in Pickle.dict([(Pickle.get(1), inner)]) }
        refuses(Pickle.legacy(long + [0x30] + nested), "a name of 100000 bytes, more than 512")
    }

    private func repeated(_ items: [[UInt8]], _ times: Int) -> [[UInt8]] {
        Array(repeatElement(items, count: times).joined())
    }

    @Test("Pairs recalled from the memo count each time they become a dictionary")
    func pairBomb() {
        let pair = Pickle.tuple([[0x4B, 1], [0x4B, 2]]) + Pickle.put(1)
        let list = pair + Array("](".utf8) + repeated(Pickle.get(1), 20_000) + Array("e".utf8) + Pickle.put(2)
        let call = Pickle.global("collections", "OrderedDict") + Pickle.put(3)
        let arguments = Pickle.tuple([Pickle.get(2)]) + Pickle.put(4)
        let bomb = list + call + arguments + repeated(Pickle.get(3) + Pickle.get(4) + Pickle.reduce, 10_000)
        refuses(Pickle.legacy(bomb), "more objects than a checkpoint of its size")
    }

    @Test("Values nested without end cost little and do not crash")
    func deepNesting() {
        let deep = repeated([0x5D], 90_000) + repeated([0x61], 89_999)
        refuses(Pickle.legacy(deep), "more objects")
        refuses(Pickle.legacy(repeated([0x5D], 30_000) + repeated([0x61], 29_999)), "no dictionary")
        refuses(Pickle.legacy(repeated([0x28], 50_000)), "the stack is empty")
    }

    @Test("Dictionaries shared many times over are walked within bounds")
    func sharedDictionaries() {
        // Ten levels of ten: a walk without a bound would take 10^10 steps.
        var bomb: [UInt8] = []
        for level in 0..<11 {
            let value = level == 0 ? [0x4E] : Pickle.get(UInt8(level - 1))
            bomb += Pickle.dict((0..<10).map { ([0x4B, UInt8($0)], value) }) + Pickle.put(UInt8(level))
            if level < 10 { bomb += [0x30] }
        }
        refuses(Pickle.legacy(bomb), "more entries than a checkpoint of its size")
    }

    @Test("A dictionary that holds itself is walked to the limit of depth")
    func selfReference() throws {
        let own = Pickle.emptyDict + Pickle.put(1) + Pickle.mark + Pickle.text("me") + Pickle.get(1) + Array("u".utf8)
        #expect(try scratch.open(Pickle.legacy(own)).entries.isEmpty)
    }

    @Test("Operations are performed up to the limit and not one over")
    func operationLimit() throws {
        let file = Pickle.legacy(Pickle.dict([(Pickle.text("a"), [0x4E])]))
        var limits = CheckpointLimits()
        // Magic 3, protocol 3, system 3, object 7, keys 5; files grant nothing below 16 bytes a piece.
        limits.pickleOperationsFloor = 21 - file.count / 16
        _ = try scratch.open(file, limits: limits)
        limits.pickleOperationsFloor -= 1
        refuses(file, "more objects", limits: limits)
    }

    @Test(
        "Broken pickles are refused with their place",
        arguments: [
            ([0x68, 9], "nothing is memorised under 9"), ([0x75], "there is no mark"), ([0x85], "too few items"),
            ([0x28, 0x4E, 0x64], "key without a value"), ([0x4E, 0x4E, 0x61], "no list"),
            ([0x4E, 0x4E, 0x4E, 0x73], "no dictionary"), ([0x4E, 0x51], "not a tuple"), ([0xFF], "operation 0xff"),
            ([0x80, 9], "protocol 9"), ([0x8B, 0xFF, 0xFF, 0xFF, 0xFF], "cut short"),
            ([0x8D] + [UInt8](repeating: 0xFF, count: 8), "cut short"), ([0x63, 0x61, 0x61], "cut short"),
        ] as [([UInt8], String)])
    func brokenPickles(operations: [UInt8], expected: String) {
        // Only the truncated line needs to be last; the others stop here.
        let file = Pickle.legacy(operations)
        let end = operations.first == 0x63 ? file.count - 6 : file.count
        refuses(Array(file[..<end]), expected)
    }
}
