// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation

/// `facet doctor`: whether a service would start here, and what to do where it would not.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this machine, the model, the port and the store, and say what to do.",
        usage: "facet doctor [FLAGS]",
        discussion: """
            Nothing is changed. Ends with 1 when something would keep the service from working. The settings are those of \
            'facet serve', from the same flags, FACET_... variables and configuration file.

              facet doctor
              facet doctor --model mine --store sqlite:/var/lib/facet/catalog.sqlite
            """)

    @Option(help: "HOST:PORT or unix:PATH, several with commas. (default: \(Defaults.listen))")
    var listen: String?

    @Option(help: "Folder that holds a folder for each model. (default: models)", completion: .directory)
    var models: String?

    @Option(help: "The model to serve. (default: \(Defaults.model))", completion: Completions.models)
    var model: String?

    @Option(help: "sqlite:PATH or none. (default: \(Defaults.store))")
    var store: String?

    @Option(help: "The file of keys, where there is one.", completion: .file())
    var keys: String?

    @Option(help: "A file of 'name = value' lines, as for 'facet serve'.", completion: .file())
    var config: String?

    func run() throws {
        let settings = try Settings(configuration: config)
        let checks: [Diagnosis.Check] = [
            Diagnosis.processor,
            Diagnosis.memory,
            Diagnosis.files,
            Diagnosis.programFiles,
            Diagnosis.model(
                settings.text("model", model, default: Defaults.model),
                in: settings.text("models", models, default: Defaults.models)),
            Diagnosis.listening(settings.text("listen", listen, default: Defaults.listen)),
            Diagnosis.store(settings.text("store", store, default: Defaults.store)),
            Diagnosis.keys(settings.text("keys", keys)),
        ]
        var sick = 0
        for check in checks {
            for finding in check() {
                print(finding.line(on: .output))
                if let remedy = finding.remedy { print("       \(remedy)") }
                if finding.verdict == .bad { sick += 1 }
            }
        }
        print(sick == 0 ? "Everything is in order." : "\(sick) of these would keep the service from working.")
        if sick > 0 { throw ExitCode(1) }
    }
}
