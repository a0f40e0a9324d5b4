// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Tensors
import Testing

@Suite("Canonical names")
struct CanonicalNamesTests {
    private func names(_ names: [String]) throws -> CanonicalNames {
        try CanonicalNames(names.map { TensorDescriptor(name: $0, type: .float32, shape: [1]) })
    }

    @Test(
        "Every layout's stem, block and head are found",
        arguments: [
            ("module.encoder_q.", "module.encoder_q.fc.", "MoCo"), ("encoder_q.", "encoder_q.fc.", "MoCo"),
            ("backbone_q.", "heads_q.0.", "LooC re-implementation"),
            ("module.backbone_q.", "module.heads_q.0.", "LooC re-implementation"),
            ("module.base_encoder.", "module.base_encoder.fc.", "MoCo v3 style"),
            ("backbone.", "projector.", "Facet, lightly or solo-learn"),
            ("backbone.", "projection_head.layers.", "Facet, lightly or solo-learn"),
            ("backbone.", "heads.0.", "Facet, lightly or solo-learn"), ("encoder.", "projector.", "solo-learn, older"),
        ])
    func layouts(backbone: String, head: String, title: String) throws {
        let found = try names(
            [backbone + "conv1.weight", backbone + "layer1.0.bn1.running_var", head + "0.weight", head + "2.bias"])
        #expect(found.layout == title)
        #expect(
            found.mapping == [
                "backbone.conv1.weight": backbone + "conv1.weight",
                "backbone.layer1.0.bn1.running_var": backbone + "layer1.0.bn1.running_var",
                "heads.0.0.weight": head + "0.weight", "heads.0.2.bias": head + "2.bias",
            ])
        #expect(found.ignored.isEmpty)
    }

    @Test("Key encoders, queues, momentum copies and classifiers are ignored")
    func ignored() throws {
        let rest = [
            "momentum_backbone.conv1.weight", "momentum_projector.0.weight", "queue", "classifier.weight",
            "backbone.fc.weight",
        ]
        let found = try names(["backbone.conv1.weight", "projector.0.weight"] + rest)
        #expect(found.mapping.count == 2 && found.ignored.sorted() == rest.sorted())
        let moco = try names(["module.encoder_q.conv1.weight", "module.encoder_k.conv1.weight", "module.queue"])
        #expect(moco.mapping == ["backbone.conv1.weight": "module.encoder_q.conv1.weight"])
    }

    @Test("MoCo v1's single layer is a head, a torchvision classifier is not")
    func singleLayer() throws {
        let moco = try names(["encoder_q.conv1.weight", "encoder_q.fc.weight", "encoder_q.fc.bias"])
        #expect(moco.mapping["heads.0.0.weight"] == "encoder_q.fc.weight" && moco.notes.isEmpty)
        let plain = try names(["conv1.weight", "fc.weight", "fc.bias"])
        #expect(plain.mapping == ["backbone.conv1.weight": "conv1.weight"])
        #expect(plain.notes.count == 1 && plain.ignored == ["fc.weight", "fc.bias"])
    }

    @Test("A numbered backbone becomes torchvision's names")
    func numbered() throws {
        let found = try names(["backbone.0.weight", "backbone.1.running_mean", "backbone.7.2.downsample.0.weight"])
        #expect(
            found.mapping.keys.sorted() == [
                "backbone.bn1.running_mean", "backbone.conv1.weight", "backbone.layer4.2.downsample.0.weight",
            ])
    }

    @Test("A head with batch normalisation is left out, and said so")
    func headWithNorm() throws {
        let found = try names([
            "backbone.conv1.weight", "projection_head.layers.0.weight", "projection_head.layers.1.running_mean",
        ])
        #expect(found.mapping == ["backbone.conv1.weight": "backbone.conv1.weight"] && found.notes.count == 1)
    }

    @Test("LooC++ heads keep their stage 4, and its batch norms are no reason to drop them")
    func plusPlus() throws {
        let found = try names([
            "backbone_q.conv1.weight", "heads_q.1.layer4.0.bn1.running_mean", "heads_q.1.fc.0.weight",
        ])
        #expect(found.mapping.keys.contains("heads.1.layer4.0.bn1.running_mean") && found.mapping.count == 3)
    }

    @Test("Unknown files are refused with examples")
    func unknown() {
        let error = #expect(throws: CheckpointError.self) { try names(["transformer.h.0.attn.weight"]) }
        #expect(error?.description.contains("transformer.h.0.attn.weight") == true)
    }

    @Test(
        "Heads that are not one or two linear layers are left out, and said so",
        arguments: [
            ("encoder_q.", ["encoder_q.fc.0.weight", "encoder_q.fc.2.weight", "encoder_q.fc.4.weight"], "two linear"),
            ("base_encoder.", ["base_encoder.fc.0.weight", "base_encoder.fc.1.running_mean"], "batch normalisation"),
            ("backbone.", ["projector.0.weight", "projector.1.weight", "projector.2.weight"], "two linear"),
            ("backbone.", ["projector.0.weight", "projector.1.running_var"], "batch normalisation"),
            ("backbone_q.", ["heads_q.0.layer4.0.bn1.running_mean", "heads_q.0.fc.1.running_mean"], "batch"),
        ])
    func otherHeads(backbone: String, head: [String], reason: String) throws {
        let found = try names([backbone + "conv1.weight"] + head)
        #expect(found.mapping.keys.sorted() == ["backbone.conv1.weight"] && found.ignored == head)
        #expect(found.notes.count == 1 && found.notes[0].contains(reason))
    }

    @Test("Where a file has heads of two kinds, only one is taken")
    func twoKinds() throws {
        let rest = ["projection_head.layers.0.weight", "projector.0.weight"]
        let found = try names(["backbone.conv1.weight", "heads.0.0.weight"] + rest)
        #expect(found.mapping["heads.0.0.weight"] == "heads.0.0.weight" && found.ignored == rest)
    }

    @Test("Only torchvision's own parts belong to a backbone")
    func partsOfBackbone() throws {
        let rest = ["backbone.layer5.0.conv1.weight", "backbone.layer_norm.weight", "backbone.conv10.weight"]
        let found = try names(["backbone.conv1.weight", "backbone.layer4.0.conv1.weight"] + rest)
        #expect(found.mapping.count == 2 && found.ignored == rest)
    }

    @Test("VISSL's nested names and a wrapped torchvision network are found")
    func nested() throws {
        let vissl = try names([
            "base_model.model.trunk._feature_blocks.conv1.weight", "base_model.model.heads.0.clf.weight",
        ])
        #expect(vissl.layout == "VISSL" && vissl.mapping.keys.sorted() == ["backbone.conv1.weight"])
        let wrapped = try names(["module.conv1.weight", "module.fc.weight", "module.fc.bias"])
        #expect(wrapped.layout == "torchvision" && wrapped.mapping.count == 1 && wrapped.ignored.count == 2)
    }
}
