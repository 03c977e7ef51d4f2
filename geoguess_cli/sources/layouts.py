"""The layouts that photos come in: a table with one row for each, to add a row to.

A layout recognises its files in a source, which is a file or a folder, and reads them to rows. A
family of layouts has a module of its own. All that touches files goes through a `SourceView`. This
module and those of the families load no library when they are imported, because the help of
`geoguess data` is made from the table.
"""

from geoguess_cli.sources import (
    camera,
    imagefolder,
    lists,
    mapillary,
    numbered,
    osv,
    parquet_images,
    tables,
    takeout,
    webdataset,
    zips,
)
from geoguess_cli.sources.layout import Layout

LAYOUTS: tuple[Layout, ...] = (
    webdataset.SHARD,
    zips.ARCHIVE,
    osv.FOLDER,
    imagefolder.FOLDER,
    mapillary.MSLS,
    mapillary.DESCRIPTION,
    parquet_images.SHARDS,
    osv.TABLE,
    tables.PHOTO_TABLE,
    mapillary.API,
    lists.IM2GPS,
    lists.GEOCLIP,
    lists.STREETSCAPES,
    lists.UNSPLASH,
    tables.PLACES,
    numbered.FOLDER,
    tables.ANY_TABLE,
    takeout.FOLDER,
    webdataset.FOLDER,
    zips.FOLDER,
    camera.FOLDER,
)
"""All layouts. The first that recognises a source reads it."""

TITLES = "; ".join(layout.title for layout in LAYOUTS if layout.title)
"""Every layout in words, for help texts."""

SIGNS = ", or ".join(layout.signs for layout in LAYOUTS if layout.signs)
"""What a folder must hold to be read, for messages."""
