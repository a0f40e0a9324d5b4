# SPDX-License-Identifier: Apache-2.0
"""What deploy/fetch-data runs: from unpacked Debian packages to a labelled folder of pictures with a manifest."""
