"""What a datasheet says, in the order of "Datasheets for Datasets" (Gebru et al., 2021)."""

from collections.abc import Sequence

from geoguess_cli.photos.leak_report import DistanceToTrain, LeakReport
from geoguess_cli.report.content import Cell, Page, Picture, Section, Table
from geoguess_cli.report.datasheet import (
    AT_SEA,
    Datasheet,
    DateSummary,
    GroupSummary,
)
from geoguess_cli.report.datasheet_composition import (
    ROWS_SHOWN,
    columns_section,
    count_cell,
    most_of,
    share_cell,
    shares_table,
    where_section,
)
from geoguess_cli.wording import StatisticText, counted, number, percent

CLOSING = (
    "Counted from the photo table by geoguess. The sections follow Datasheets for Datasets "
    "(Gebru et al., 2021); the file card.json beside this page holds every number."
)

_NOT_IN_TABLE = "The table does not say"


def datasheet_page(sheet: Datasheet) -> Page:
    """The page of a datasheet; its figures are named `places` and `years`."""
    return Page(
        f"Datasheet of {sheet.title}",
        opening(sheet),
        headline(sheet),
        [
            _motivation(),
            where_section(sheet),
            columns_section(sheet),
            _collection(sheet),
            _preprocessing(sheet),
            _uses(sheet),
            _distribution(sheet),
            _maintenance(sheet),
        ],
        closing=CLOSING,
    )


def opening(sheet: Datasheet) -> list[str]:
    """What the data set is, in two paragraphs."""
    countries = [name for name in sheet.countries if name != AT_SEA]
    span = f"{counted(sheet.photos, 'photo')} whose place is known"
    if countries:
        many = f"{len(countries):,} countries"
        span += f", in {many if len(countries) > 1 else f'one country, {countries[0]}'}"
    dates = sheet.dates
    if dates is not None and dates.first:
        span += f", taken between {dates.first} and {dates.last}"
    looked = (
        "Every photo of a split was opened to look for near-duplicates."
        if sheet.looked
        else "No photo was opened."
    )
    return [f"{span}.", f"Every number is counted from the photo table. {looked}"]


def headline(sheet: Datasheet) -> list[tuple[str, StatisticText, str]]:
    """The counts that matter most."""
    countries = [name for name in sheet.countries if name != AT_SEA]
    rows = [
        ("photos", count_cell(sheet.photos), _beside_photos(sheet)),
        (
            "countries",
            count_cell(len(countries)),
            f"most in {countries[0]}, {percent(sheet.countries[countries[0]] / sheet.photos)}"
            if countries
            else "",
        ),
    ]
    rows += [
        (
            f"{groups.column}s",
            count_cell(groups.number),
            f"median {counted(round(groups.median), 'photo')}, at most {groups.most:,}",
        )
        for groups in sheet.groups
    ]
    if sheet.splits:
        shares = ", ".join(
            f"{name} {percent(count / sheet.photos)}" for name, count in sheet.splits.items()
        )
        level = "one side" if sheet.leaks is None else sheet.leaks.level
        rows.append(("leak check of the split", StatisticText(level), shares))
    return rows


def _motivation() -> Section:
    return Section(
        "motivation",
        "Motivation",
        [
            f"{_NOT_IN_TABLE} for which purpose the data set was made, by whom, and who paid for "
            "it. Whoever publishes this page should write it here."
        ],
    )


def _collection(sheet: Datasheet) -> Section:
    dates = sheet.dates
    text = [f"{_NOT_IN_TABLE} how the photos were chosen."]
    pictures = []
    if dates is None:
        text.append("The table has no dates.")
    else:
        text += _dated(dates, sheet.photos)
        pictures = [Picture("years", "Photos by year.")]
    known = {groups.column for groups in sheet.groups}
    for column, meaning in (("sequence", "which drive"), ("creator", "who took")):
        if column not in known:
            end = "a photo belongs to" if column == "sequence" else "a photo"
            text.append(f"The table has no {column}s: it does not say {meaning} {end}.")
    tables = [_groups_table(sheet)] if sheet.groups else []
    return Section("collection", "Collection process", text, pictures, tables)


def _dated(dates: DateSummary, photos: int) -> list[str]:
    text = [
        "Every photo has a date."
        if dates.known == photos
        else f"{dates.known:,} of {counted(photos, 'photo')} have a date."
    ]
    if dates.odd:
        text.append(
            f"{counted(dates.odd, 'date')} before 1990 or in the future: a clock that was never "
            "set, most likely. The chart leaves them out."
        )
    return text


def _groups_table(sheet: Datasheet) -> Table:
    return Table(
        "Photos of one drive resemble each other, and so do photos of one creator. The last column "
        "is the share of the photos that the largest tenth of the groups holds. Names stay in the "
        "table.",
        ("group", "known for", "groups", "photos: median", "most", "largest tenth"),
        [_group_row(groups, sheet.photos) for groups in sheet.groups],
    )


def _group_row(groups: GroupSummary, photos: int) -> list[Cell]:
    return [
        groups.column,
        share_cell(groups.known, photos),
        count_cell(groups.number),
        StatisticText(f"{groups.median:,.10g}"),
        count_cell(groups.most),
        share_cell(groups.tenth, groups.known),
    ]


def _preprocessing(sheet: Datasheet) -> Section:
    text = [
        f"Read as the layout `{sheet.kind}`. {_NOT_IN_TABLE} what was done to the photos before."
    ]
    if not sheet.left_out and not sheet.missing:
        text.append("Every row could be used.")
    if sheet.missing:
        text.append(f"{counted(sheet.missing, 'photo')} of the source did not exist.")
    tables = []
    if sheet.left_out:
        rows: list[list[Cell]] = [
            [reason, count_cell(n)] for reason, n in most_of(sheet.left_out).items()
        ]
        tables = [Table("Rows that were left out.", ("reason", "rows"), rows)]
    return Section("preprocessing", "Preprocessing and cleaning", text, tables=tables)


def _uses(sheet: Datasheet) -> Section:
    text = [
        "Made for: learning where photos of these places and years were taken, and judging such a "
        "model. Not made for: locating particular people, or places that the map leaves empty; a "
        "model answers there all the same, and is wrong.",
        "Photos are many where people drive and photograph. Accuracy over all photos is mostly "
        "accuracy in the dark cells of the map.",
    ]
    leaks = sheet.leaks
    if not sheet.splits:
        text.append(
            "The table has no split; `geoguess data split` assigns one that keeps drives and "
            "places whole."
        )
    elif leaks is None:
        text.append("All photos lie on one side, so no model can be judged on the others.")
    else:
        text.append(f"Leak check: {leaks.verdict}." + (f" {leaks.advice}." if leaks.advice else ""))
    tables = [_sides(sheet)] if sheet.splits else []
    return Section("uses", "Uses and splits", text, tables=tables + _leak_tables(leaks))


def _sides(sheet: Datasheet) -> Table:
    counts = dict(sheet.splits)
    caption = "Photos of each side."
    if sheet.unassigned:
        counts["set aside"] = sheet.unassigned
        caption += " Photos that are set aside have no side."
    rows: list[list[Cell]] = [
        [name, count_cell(count), share_cell(count, sheet.photos)] for name, count in counts.items()
    ]
    return Table(caption, ("split", "photos", "share"), rows)


def _leak_tables(leaks: LeakReport | None) -> list[Table]:
    """What the sides share, and how far they are apart; empty for nothing."""
    if leaks is None:
        return []
    shared: list[list[Cell]] = [
        [
            f"{item.column}s",
            StatisticText(" and ".join(item.between)),
            count_cell(item.names),
            count_cell(item.photos),
        ]
        for item in leaks.shared
    ]
    twins: list[list[Cell]] = [
        [" and ".join(item.between), count_cell(item.photos)] for item in leaks.duplicates or ()
    ]
    unreadable: list[list[Cell]] = [[name, why] for name, why in leaks.unreadable[:ROWS_SHOWN]]
    tables = [
        Table(
            "What two sides share. Shared creators alone are no leak.",
            ("shared", "between", "number", "photos of the second"),
            shared,
        ),
        Table("Photos that look the same on two sides.", ("sides", "photos of the second"), twins),
        Table(
            f"{counted(len(leaks.unreadable), 'photo')} could not be read, such as:",
            ("photo", "reason"),
            unreadable,
        ),
    ]
    distances = [_distances(leaks.distances)] if leaks.distances else []
    return distances + [table for table in tables if table.rows]


def _distances(distances: Sequence[DistanceToTrain]) -> Table:
    bands = [f"{band} km" for band in distances[0].bands]
    return Table(
        "Distance from the photos of a side to the nearest training photo: the median, and the "
        "share in each band.",
        ("side", "photos", "median", *bands),
        [
            [
                item.side,
                count_cell(item.photos),
                StatisticText(number(item.percentiles_km["50"], "km")),
                *(share_cell(count, item.photos) for count in item.bands.values()),
            ]
            for item in distances
        ],
    )


def _distribution(sheet: Datasheet) -> Section:
    text, tables = [], []
    if sheet.licence:
        text.append(f"Licence, as stated by whoever made this page: {sheet.licence}.")
    if sheet.licences:
        tables.append(
            shares_table("Licences by the table.", "licence", sheet.licences, sheet.photos)
        )
    elif not sheet.licence:
        text.append(
            f"{_NOT_IN_TABLE} under which licence the photos may be used; --licence states it. "
            "Without a licence, ask before you publish the photos or a model of them."
        )
    return Section("distribution", "Distribution and licences", text, tables=tables)


def _maintenance(sheet: Datasheet) -> Section:
    photos = (
        ""
        if sheet.looked
        else " Its option `--photos` also looks for near-duplicate and unreadable photos."
    )
    return Section(
        "maintenance",
        "Maintenance",
        [
            f"`geoguess data card` makes this page again from the table.{photos}",
            f"{_NOT_IN_TABLE} who keeps the data set. Whoever publishes this page should write an "
            "address here.",
        ],
    )


def _beside_photos(sheet: Datasheet) -> str:
    lost = sum(sheet.left_out.values()) + sheet.missing
    places = counted(sheet.coordinates.places, "different place")
    return places + (f", {counted(lost, 'row')} left out" if lost else "")
