"""Pages in a browser, as wide as a desktop's and as a phone's, in light and dark."""

import numpy as np
import pandas as pd
import pytest

from skl_sparse_ae.inspection import label_enrichment, top_activating, top_features
from skl_sparse_ae.report import html_report

from .browser import Browser, Page, find_chromium
from .estimators import Given

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

WIDTHS = {"desktop": (1300, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(find_chromium(), tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(params=WIDTHS)
def show(request, browser, tmp_path):
    """A function that opens a report; the page must not complain of anything."""
    pages = []

    def show(report, **options):
        width, height = WIDTHS[request.param]
        path = tmp_path / "page.html"
        report.save(path)
        pages.append(Page(browser, path, width, height, **options))
        return pages[-1]

    yield show
    for page in pages:
        assert page.complaints() == []


def is_phone(page):
    return page.run("innerWidth") == 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_saved_page_opens(scheme, show, images):
    page = show(images, scheme=scheme)
    assert page.units() == list(range(20))
    assert page.count() == "20 units"
    # The toolbar was hidden until the script ran.
    assert page.run("document.getElementById('toolbar').checkVisibility()")
    ground = page.run("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")


def test_the_frame_of_a_notebook_opens(browser, names, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><p></p>{names._repr_html_()}")
    page = Page(browser, path)
    assert page.run("document.querySelector('iframe').title") == names.title
    assert page.complaints() == []


@pytest.mark.parametrize("kind", ["images", "names"])
def test_nothing_is_wider_than_the_window(kind, show, request):
    page = show(request.getfixturevalue(kind))
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    width, height = page.size("#toolbar")
    assert width <= page.run("innerWidth")
    # It stays in view, and is to leave room for the units.
    assert height < 100
    page.run("scrollTo(0, document.body.scrollHeight)")
    assert (
        abs(page.run("document.getElementById('toolbar').getBoundingClientRect().y"))
        < 1
    )


def test_pictures_of_rows_are_in_two_lines_of_four(show, images):
    page = show(images)
    places = page.run(
        "[...document.querySelectorAll('#units > li')].map((unit) => {"
        " unit.scrollIntoView();"
        " return [...unit.querySelectorAll('.row-picture')].map((picture) => {"
        "  const b = picture.getBoundingClientRect(); return [b.x, b.y]; }); })"
    )
    full = [np.array(each) for each in places if len(each) == 8]
    assert len(full) > 10
    for each in full:
        assert len(np.unique(each[:, 0])) == 4
        assert len(np.unique(each[:, 1])) == 2


def test_long_names_do_not_make_cards_tall(show, pipeline, cancer):
    X, y = cancer
    long = [
        f"the patient of number {i}, seen in a clinic of some town" for i in X.index
    ]
    page = show(html_report(pipeline, X, y, n_top_rows=4, row_labels=long))
    line = "document.querySelector('#unit-0 .body > div:last-child li"
    height = page.run(f"{line} span').getBoundingClientRect().height")
    one_line = page.run(f"parseFloat(getComputedStyle({line} span')).lineHeight)")
    if is_phone(page):  # where cards have no neighbours, and names no tooltips
        assert height > 1.5 * one_line
    else:
        assert height < 1.5 * one_line
        assert page.run(f"{line} span').title").startswith("the patient of number")


def test_searching_by_keyboard(show, names, pipeline, cancer):
    page = show(names)
    features, rows = top_features(pipeline, 3), top_activating(pipeline, cancer[0], n=4)
    name, row = features.names[3, 0], rows.indices[5, 2]

    def found(query):
        page.search(query)
        return page.units()

    # Not units 10 to 14.
    assert found("unit 1") == [1]
    assert page.count() == "1 of 15 units"
    assert found(" UNIT 12 ") == [12]
    assert found("(") == found("no such") == []
    assert page.count() == "0 of 15 units"
    # A phrase, which may be part of other names.
    is_shown = [any(name in other for other in others) for others in features.names]
    assert found(f'"{name.upper()}"') == np.flatnonzero(is_shown).tolist()
    # All units that are most active on the row, and those that show it.
    code = pipeline.transform(cancer[0])
    best = set(np.argsort(-code[row], kind="stable")[:4])
    shown = set(np.flatnonzero((rows.indices == row).any(axis=1)))
    assert set(found(f"row {row}")) == {int(unit) for unit in best | shown}
    assert found("") == list(range(15))
    assert page.count() == "15 units"


def test_all_words_have_to_be_found(show):
    # Units 0 to 3 prefer one of four classes each.
    code = np.repeat(np.eye(4), 10, axis=0)
    report = html_report(Given(np.eye(4)).fit(), code, np.repeat([1, 2, 3, 12], 10))
    page = show(report)
    for query, units in [
        ("class 3", [2]),
        ("unit 2 class 3", [2]),
        ("class 3 unit 2", [2]),
        ("unit 1 class 3", []),
        ("class 1", [0]),
        ("class 12", [3]),
        ("row 5 class 1", [0]),
        ("row 5 class 2", []),
        ('"class 2" unit', [1]),
        ('"unit 2 class 3"', []),
        ('"class 2', [1]),
        ("unit class", [0, 1, 2, 3]),
    ]:
        page.search(query)
        assert page.units() == units, query


def test_ordering_by_keyboard(show, rng):
    # Each of the first units prefers one of four classes, the others none.
    y = np.arange(200) % 4
    A = rng.exponential(size=(200, 6)) * (rng.uniform(size=(200, 6)) < 0.2)
    A[:, :4] += (y[:, np.newaxis] == range(4)) * rng.uniform(0, 2, size=(200, 4))
    estimator = Given(np.eye(6)).fit()
    enrichment = label_enrichment(estimator, A, y)
    beyond = np.where(enrichment.adjusted_pvalues < 0.05, enrichment.enrichment, np.nan)
    assert np.isnan(beyond).all(axis=1).sum() == 2
    values = {
        "unit": np.arange(6),
        "density": (A != 0).mean(axis=0),
        "mean": A.mean(axis=0),
        "largest": A.max(axis=0),
        "enrichment": pd.DataFrame(beyond).max(axis=1).to_numpy(),
    }
    page = show(html_report(estimator, A, y))
    page.run("document.getElementById('order').focus()")
    seen = []
    for _ in range(9):
        order = page.run("document.getElementById('order').value")
        seen.append(order)
        key, direction = order.split()
        units = page.units()
        assert sorted(units) == list(range(6))
        ordered = np.round(values[key][units], 6)
        # Units without a value are last.
        ordered = ordered[: np.isfinite(ordered).sum()]
        assert np.isfinite(ordered).all()
        steps = np.diff(ordered) * (1 if direction == "up" else -1)
        assert (steps >= 0).all()
        page.press("ArrowDown")
    assert len(set(seen)) == 9


def test_clicks_on_buttons_search_for_dead_units(show):
    code = np.array([[3.0, 0, 1], [1, 0, 1], [0, 0, 2], [0, 0, 2]])
    page = show(html_report(Given(np.eye(3)).fit(), code))
    for query, units in [("dead", [1]), ("always on", [2])]:
        page.click(f"button[data-query='{query}']")
        assert page.units() == units
        assert query in page.run("document.getElementById('search').value")


def test_a_click_shows_all_parameters(show, images):
    page = show(images)
    assert not page.run("document.querySelector('details dl').checkVisibility()")
    page.click("summary")
    assert page.run("document.querySelector('details dl').checkVisibility()")


def test_thousands_of_units_are_searched_and_ordered(show, rng):
    components = rng.normal(size=(2000, 9))
    estimator = Given(components).fit()
    # Units are active on numbers of rows that differ between neighbours.
    numbers = np.arange(2000) * 7 % 50 + 1
    A = (np.arange(50)[:, np.newaxis] < numbers) * rng.uniform(1, 2, size=(50, 2000))
    page = show(html_report(estimator, A, n_top_features=2, pca=False))
    for query, units in [("unit 7", [7]), ("unit 1999", [1999])]:
        page.search(query)
        assert page.units() == units
        assert page.count() == "1 of 2000 units"
    page.search("x1")
    # At most one weight is larger.
    sizes = np.abs(components)
    of_x1 = np.flatnonzero((sizes > sizes[:, [1]]).sum(axis=1) <= 1)
    assert page.units() == of_x1.tolist()
    page.search("")
    page.run("document.getElementById('order').focus()")
    page.press("ArrowDown")
    ordered = page.units()
    assert sorted(ordered) == list(range(2000))
    assert (np.diff(numbers[ordered]) <= 0).all()


def test_what_is_fetched_or_fails_is_noticed(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(
        "<!doctype html><script>console.log('said')</script>"
        "<img src='http://elsewhere.invalid/a.png'>"
    )
    complaints = Page(browser, path).complaints()
    assert "http://elsewhere.invalid/a.png" in complaints
    assert any("said" in str(each) for each in complaints)
