// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation

/// The program: one sub-command for each job.
@main
struct Facet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "facet",
        abstract: "Image embeddings whose invariances you choose.",
        discussion: """
            A model has one general space (backbone) and several sub-spaces, each sensitive to one factor such as \
            color or rotation and blind to the others. Serve them over HTTP, or work with files:

              facet serve                                 on 127.0.0.1:8080, with web pages
              facet embed --spaces color photo.jpg        a line of JSON for each file
              facet catalog import shop photos            keep a folder's vectors
              facet search photo.jpg --collection shop    the nearest, by any weights
              facet advise shop --label-field category    the weights that suit labels
              facet train --data photos --out models/me   a model of your own pictures
              facet evaluate --models me --data photos    what its spaces know and ignore
              facet convert model.pth.tar models/mine     a model from a PyTorch checkpoint
              facet inspect model.pth.tar                 what a checkpoint holds
              facet keys new web --role read --file keys  a key for a caller
              facet doctor                                would it work here?

            'facet help COMMAND' has the details, and 'facet help TOPIC' is about spaces, weights, filters, errors, \
            configuration or training. 'facet completions bash' makes the shell complete all of it.
            """,
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, EmbedCommand.self, InspectCommand.self, ConvertCommand.self, TrainCommand.self,
            EvaluateCommand.self, CatalogCommand.self, SearchCommand.self, AdviseCommand.self, KeysCommand.self,
            DoctorCommand.self, PackCommand.self, HelpCommand.self, CompletionsCommand.self, ManCommand.self,
        ])

    /// Parses and runs.
    ///
    /// A command line that is not understood is answered with the command's usage; what a command finds wrong later has
    /// said what to do already, and gets none.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let refusal as ValidationError {
            FileHandle.standardError.write(Data("Error: \(refusal.message)\n".utf8))
            exit(withError: ExitCode.validationFailure)
        } catch let error as CocoaError {
            FileHandle.standardError.write(Data("Error: \(FileTrouble(error))\n".utf8))
            exit(withError: ExitCode.failure)
        } catch {
            exit(withError: error)
        }
    }
}
