"""Pages in a browser: their script works and reports no errors."""

import json
import shutil
import subprocess
from html import escape

import numpy as np
import pandas as pd
import pytest

from skl_sparse_ae.inspection import label_enrichment, top_activating, top_features
from skl_sparse_ae.report import html_report

from .estimators import Given
from .pages import Tree

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def chromium():
    names = ["chromium", "chromium-browser", "google-chrome", "chrome"]
    for name in filter(shutil.which, names):
        return name
    pytest.skip("needs Chromium, to open pages in")


SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--virtual-time-budget=20000",
    "--dump-dom",
]


def browse(chromium, path):
    """Parse a page after its scripts ran; they must write nothing to the console."""
    profile = path.with_suffix(".profile")
    run = subprocess.run(
        [chromium, *SWITCHES, f"--user-data-dir={profile}", path.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "CONSOLE" not in run.stderr, run.stderr
    return Tree(run.stdout).root


# A page that operates another one in a frame: `steps` is the body of a function of the
# frame's document, and its result is written as JSON.
BENCH = """<!doctype html>
<iframe srcdoc="{srcdoc}" width="900" height="700"></iframe>
<pre></pre>
<script>
const frame = document.querySelector("iframe");
const steps = (page, type, choose, units) => {{ {steps} }};
frame.addEventListener("load", () => {{
  const page = frame.contentDocument;
  const set = (id, event) => (value) => {{
    page.getElementById(id).value = value;
    page.getElementById(id).dispatchEvent(new frame.contentWindow.Event(event));
  }};
  const units = () => [...page.querySelectorAll("#units > li")]
    .filter((unit) => unit.checkVisibility())
    .map((unit) => Number(unit.id.slice("unit-".length)));
  const type = set("search", "input"), choose = set("order", "change");
  const found = steps(page, type, choose, units);
  document.querySelector("pre").textContent = JSON.stringify(found);
}});
</script>
"""


def work_with(chromium, report, steps, folder):
    path = folder / "bench.html"
    path.write_text(BENCH.format(srcdoc=escape(report.html), steps=steps))
    return json.loads(browse(chromium, path).one("pre").text)


def test_a_saved_page_opens_without_complaint(chromium, images, tmp_path):
    images.save(tmp_path / "page.html")
    page = browse(chromium, tmp_path / "page.html")
    # It was hidden until the script ran.
    assert "hidden" not in page.one("div", id="toolbar").attrs
    assert page.one("output").text == "20 units"
    assert len(page.all("li", class_="unit")) == 20


def test_the_frame_of_a_notebook_opens_without_complaint(chromium, names, tmp_path):
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><p></p>{names._repr_html_()}")
    assert browse(chromium, path).one("iframe").attrs["title"] == names.title


def test_searching(chromium, names, pipeline, cancer, tmp_path):
    features, rows = top_features(pipeline, 3), top_activating(pipeline, cancer[0], n=4)
    name, row = features.names[3, 0], rows.indices[5, 2]
    queries = ["", "unit 1", " UNIT 12 ", name.upper(), f"row {row}", "(", "no such"]
    steps = f"""
      return {json.dumps(queries)}.map((query) => {{
        type(query);
        return [units(), page.getElementById("count").value];
      }});"""
    everything, one, twelve, feature, by_row, bracket, nothing = work_with(
        chromium, names, steps, tmp_path
    )
    assert everything == [list(range(15)), "15 units"]
    # Not units 10 to 14.
    assert one == [[1], "1 of 15 units"]
    assert twelve[0] == [12]
    # A name may be part of other names.
    found = [any(name in other for other in others) for others in features.names]
    assert feature[0] == np.flatnonzero(found).tolist()
    assert by_row[0] == np.flatnonzero((rows.indices == row).any(axis=1)).tolist()
    assert bracket == [[], "0 of 15 units"]
    assert nothing == [[], "0 of 15 units"]


def test_ordering(chromium, rng, tmp_path):
    # Each of the first units prefers one of four classes, the others none.
    y = np.arange(200) % 4
    A = rng.exponential(size=(200, 6)) * (rng.uniform(size=(200, 6)) < 0.2)
    A[:, :4] += (y[:, np.newaxis] == range(4)) * rng.uniform(0, 2, size=(200, 4))
    estimator = Given(np.eye(6)).fit()
    report = html_report(estimator, A, y)
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
    steps = """
      const orders = [...page.getElementById("order").options].map((o) => o.value);
      return orders.map((order) => { choose(order); return [order, units()]; });"""
    found = work_with(chromium, report, steps, tmp_path)
    assert len(found) == 9
    for order, units in found:
        key, direction = order.split()
        assert sorted(units) == list(range(6))
        ordered = np.round(values[key][units], 6)
        # Units without a value are last.
        ordered = ordered[: np.isfinite(ordered).sum()]
        assert np.isfinite(ordered).all()
        steps = np.diff(ordered) * (1 if direction == "up" else -1)
        assert (steps >= 0).all()


def test_buttons_search_for_dead_units(chromium, tmp_path):
    code = np.array([[3.0, 0, 1], [1, 0, 1], [0, 0, 2], [0, 0, 2]])
    report = html_report(Given(np.eye(3)).fit(), code)
    steps = """
      const buttons = [...page.querySelectorAll("button")];
      const found = buttons.map((button) => { button.click(); return units(); });
      return [...found, page.getElementById("search").value];"""
    assert work_with(chromium, report, steps, tmp_path) == [[1], [2], "always on"]


def test_thousands_of_units_are_searched_and_ordered(chromium, rng, tmp_path):
    components = rng.normal(size=(2000, 9))
    estimator = Given(components).fit()
    # Units are active on numbers of rows that differ between neighbours.
    numbers = np.arange(2000) * 7 % 50 + 1
    A = (np.arange(50)[:, np.newaxis] < numbers) * rng.uniform(1, 2, size=(50, 2000))
    report = html_report(estimator, A, n_top_features=2, pca=False)
    steps = """
      const found = ["unit 7", "unit 1999", "x1", ""].map((query) => {
        type(query);
        return [units(), page.getElementById("count").value];
      });
      choose("density down");
      return [...found, units()];"""
    seventh, last, feature, everything, ordered = work_with(
        chromium, report, steps, tmp_path
    )
    assert seventh == [[7], "1 of 2000 units"]
    assert last == [[1999], "1 of 2000 units"]
    # At most one weight is larger.
    sizes = np.abs(components)
    of_x1 = np.flatnonzero((sizes > sizes[:, [1]]).sum(axis=1) <= 1)
    assert feature == [of_x1.tolist(), f"{len(of_x1)} of 2000 units"]
    assert everything == [list(range(2000)), "2000 units"]
    assert sorted(ordered) == list(range(2000))
    assert (np.diff(numbers[ordered]) <= 0).all()
