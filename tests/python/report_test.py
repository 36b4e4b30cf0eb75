"""The report: one file, which loads nothing, with its claims, and charts that a browser draws."""

import html
import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from results_to_draw import ROOT, call, experiment, sweep

LOADING = {"src", "href", "srcset", "poster", "data", "action", "formaction", "background"}


class Loads(html.parser.HTMLParser):
    """Gathers what the tags of a page point to."""

    def __init__(self):
        super().__init__()
        self.found = []
        self.policy = ""

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in LOADING and not value.startswith("data:")]
        attributes = dict(attrs)
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]


class Report(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / "report.html"

    def written(self, results):
        code, output, errors = call("report", results, "--out", self.file)
        self.assertEqual((code, output, errors), (0, f"{self.file}\n", ""))
        return self.file.read_text(encoding="utf-8")

    def test_nothing_is_loaded_from_anywhere(self):
        page = Loads()
        page.feed(self.written(sweep()))
        self.assertEqual(page.found, [])
        self.assertIn("default-src 'none'", page.policy)
        self.assertNotRegex(page.policy, r"https?:|\*|'self'")

    def test_the_claims_of_an_experiment_are_judged(self):
        text = self.written(experiment("dead-layer"))
        claims = json.loads((ROOT / "experiments/dead-layer/claims.json").read_text(encoding="utf-8"))
        for claim in claims:
            self.assertTrue(html.escape(claim["text"]) in text, claim["text"])
        self.assertEqual(len(re.findall('<span class="pass">PASS</span>', text)), len(claims))

    def test_results_of_another_config_are_not_judged(self):
        other = self.file.parent / "dead-layer"
        shutil.copytree(sweep(), other)
        self.assertNotIn("<h2>Claims</h2>", self.written(other))

    def test_a_browser_draws_every_chart_and_cuts_none(self):
        browser = shutil.which("chromium")
        self.assertTrue(browser, "Debian: chromium")
        text = self.written(sweep())
        probe = ("<script>addEventListener('load', () => setTimeout(() => { const wide = [...document.querySelectorAll("
                 "'figure')].filter(one => one.scrollWidth > one.clientWidth); document.title = 'wide figures: ' + "
                 "wide.length; }, 3000));</script>")
        before, end, after = text.rpartition("</body>")
        self.file.write_text(before + probe + end + after, encoding="utf-8")
        done = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1280,2000",
                               "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={self.file.parent}",
                               "--virtual-time-budget=20000", "--dump-dom", self.file.as_uri()],
                              capture_output=True, text=True, timeout=120, check=True)
        charts = len(re.findall('<script type="application/json" class="chart"', text))
        self.assertGreaterEqual(charts, 8)
        self.assertEqual(len(re.findall(r'<svg[^>]*class="marks"', done.stdout)), charts)
        self.assertNotIn("cannot be drawn: ", re.sub("<script.*?</script>", "", done.stdout, flags=re.DOTALL))
        self.assertIn("<title>wide figures: 0</title>", done.stdout)


if __name__ == "__main__":
    unittest.main()
