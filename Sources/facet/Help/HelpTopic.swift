// SPDX-License-Identifier: Apache-2.0

/// A page of `facet help` that belongs to no single command.
///
/// Paragraphs are apart by an empty line; one that begins with a space is an example and is not wrapped.
package enum HelpTopic: String, CaseIterable, Sendable {
    case spaces
    case weights
    case filters
    case errors
    case configuration
    case training

    /// The topic on a line.
    package var abstract: String {
        switch self {
        case .spaces: "what the spaces of a model are, and which to ask for"
        case .weights: "how much each space counts in a search"
        case .filters: "conditions on the metadata of items"
        case .errors: "what a command or the server says when it cannot go on"
        case .configuration: "flags, environment variables and the configuration file"
        case .training: "a model of your own pictures"
        }
    }

    package var text: String {
        switch self {
        case .spaces: Self.spacesText
        case .weights: Self.weightsText
        case .filters: Self.filtersText
        case .errors: Self.errorsText
        case .configuration: Self.configurationText
        case .training: Self.trainingText
        }
    }

    private static let spacesText = """
        A model turns a picture into several vectors, one for each of its spaces. The first head, 'invariant', was trained \
        to ignore colour, orientation and texture alike. Each other head keeps one of these factors and ignores the rest: \
        'color', 'rotation', 'texture'. 'backbone' is what the heads are made from and keeps the most; use it to train a \
        classifier. 'concat' is all heads side by side.

        Names and dimensions come from the model. This lists them:

          facet inspect models/facet-small

        Ask for those you need:

          facet embed --spaces color,rotation photo.jpg

        Two pictures are compared by the cosine of their vectors in one space, from -1 to 1. Cosines of different spaces \
        have different usual values, so compare ranks across spaces and cosines within one.
        """

    private static let weightsText = """
        A search scores an item by sum w cos / sum |w|: the mean of its cosines in the spaces, each with its weight w. \
        Without --weights every space counts 1. A space that is not named counts 0, and a negative weight asks for pictures \
        that differ in it.

          facet search photo.jpg --collection shop --weights color=1
          facet search photo.jpg --collection shop --weights invariant=1,color=-0.3

        The first finds the same colour in any shape, the second the same thing in another colour. Every item is compared, \
        so any weights give the exact ranking.

        Where items have labels, the weights that tell these apart can be found:

          facet advise shop --label-field category
        """

    private static let filtersText = """
        A filter is JSON and keeps the items whose metadata meets it. Several keys must all hold; dots lead into objects.

          {"category": "food"}
          {"price": {"$gte": 10, "$lt": 20}, "size.width": {"$exists": true}}
          {"$or": [{"brand": {"$in": ["a", "b"]}}, {"$not": {"sold": true}}]}

        Operators: $eq $ne $in $nin $gt $gte $lt $lte $exists $contains $and $or $not. Numbers compare with numbers and \
        strings with strings, by their bytes. A path that is not there, or holds another type, meets only $ne, $nin and \
        {"$exists": false}.

          facet search photo.jpg --collection shop --filter '{"category": "food"}'

        Put the filter in single quotes, so that the shell leaves $ and the double quotes alone.
        """

    private static let errorsText = """
        Commands end with 0 when all went well, with 1 when something could not be done, with 64 when the command line was \
        not understood, and with 130 after Ctrl-C. What went wrong is on standard error with what to do about it.

        The server answers errors as {"error": {"message", "type", "param", "code"}}: 400 for a request that is not \
        understood, 401 and 403 without a key or beyond its role, 404 for what is not there, 409 for a collection of another \
        checkpoint, 413 beyond a limit, 415 for a format that is not read, 429 when too much waits (with Retry-After), 503 \
        while starting or stopping. Every code is in openapi.yaml and at /docs.

        When a service does not start or a command finds nothing, this says why:

          facet doctor
        """

    private static let configurationText = """
        A setting comes from the flag, else the environment, else the file named by --config or FACET_CONFIG, else the \
        default. These three mean the same:

          facet serve --queue-images 64
          FACET_QUEUE_IMAGES=64 facet serve
          facet serve --config facet.conf      # with the line: queue-images = 64

        In the file '#' begins a comment, and 'facet serve' refuses a name that it does not know. Lists such as --listen take commas. \
        Colours are used only on a terminal, and not where NO_COLOR is set.
        """

    private static let trainingText = """
        Any folder of PNG, JPEG and WebP pictures can be trained on; labels are not needed. A fifth of the pictures, chosen \
        by their bytes, is never trained on, so that the model can be judged with them.

          facet train --data photos --out models/mine
          facet evaluate --models mine --data photos --report report.html
          facet serve --model mine

        --factors says which factors get a head: color,rotation,texture or some of them. --epochs decides how long it takes. \
        A few thousand pictures at 64 pixels and 100 epochs take about half an hour on two cores. Every five minutes, on \
        Ctrl-C and at the end all is saved; the same command with --resume goes on and ends with the same bits.

        models/mine/training/report.html has the curves. If the loss does not fall, or a factor's share of right pairs stays \
        near a half, give it more pictures or more epochs.
        """
}
