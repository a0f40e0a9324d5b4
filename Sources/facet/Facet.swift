// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// The program: one sub-command for each job.
@main
struct Facet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "facet",
        abstract: "Image embeddings whose invariances you choose.",
        discussion: """
            A model has one general space (backbone) and several sub-spaces, each sensitive to one factor such as
            color or rotation and blind to the others. Serve them over HTTP, or embed files from the command line:

              facet serve                                      serve the default model on 127.0.0.1:8080
              facet embed --spaces color,rotation photo.jpg    one line of JSON a file
              facet convert checkpoint.pth.tar models/mine     make a model folder out of a PyTorch checkpoint
              facet inspect checkpoint.pth.tar                 see what a checkpoint holds
              facet train --data photos --out models/mine      train on a folder of images
              facet evaluate --models mine --data photos       measure what its spaces know and ignore
              facet catalog import shop photos                 keep a folder's vectors to search them, and more
              facet advise shop --label-field category         which weights of the spaces suit labelled items
              facet doctor                                     would it work here, and if not, what to do
              facet keys new web --role read --file keys       a key for a caller; serve --keys keys asks for it

            Every flag has an environment variable (--queue-images: FACET_QUEUE_IMAGES) and a line in an optional
            configuration file (--config FILE, 'queue-images = 64').
            """,
        version: "0.1.0",
        subcommands: [
            ServeCommand.self, EmbedCommand.self, InspectCommand.self, ConvertCommand.self, TrainCommand.self,
            EvaluateCommand.self, CatalogCommand.self, AdviseCommand.self, KeysCommand.self, DoctorCommand.self,
            PackCommand.self,
        ])
}
