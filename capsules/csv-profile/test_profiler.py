"""Known answers; the numbers were computed with the statistics module and by hand. Run: python3 -m unittest discover capsules/csv-profile"""

import random
import statistics
import unittest
from pathlib import Path

from profiler import InvalidTable, describe_numbers, find_delimiter, kind_of, profile

SAMPLE = Path(__file__).parent / "samples" / "time-zones.csv"


def column(text, name, **options):
    return next(c for c in profile(text, **options)["columns"] if c["name"] == name)


class Types(unittest.TestCase):
    def test_the_narrowest_type_every_value_has(self):
        for values, kind in [
            (["1", "-2", "+3"], "integer"),
            (["1", "2.5", "1e3", ".5"], "number"),
            (["true", "No"], "boolean"),
            (["2026-02-28", "2024-02-29"], "date"),
            (["2026-02-28", "2025-02-29"], "text"),
            (["2026-01-01T10:00:00Z", "2026-01-01 10:00"], "datetime"),
            (["1", "x"], "text"),
            ([], "empty"),
        ]:
            self.assertEqual(kind_of(values), kind, values)

    def test_codes_with_leading_zeros_are_text(self):
        self.assertEqual(kind_of(["01067", "10115"]), "text")
        self.assertEqual(kind_of(["0.5", "0"]), "number")

    def test_what_is_too_large_to_compute_with_is_text(self):
        self.assertEqual(kind_of(["1e999", "2.5"]), "text")


class Numbers(unittest.TestCase):
    def test_known_answers(self):
        described = describe_numbers([2, 4, 4, 4, 5, 5, 7, 9])
        self.assertEqual((described["minimum"], described["maximum"], described["mean"]), (2, 9, 5))
        self.assertAlmostEqual(described["standardDeviation"], 2.138089935299395, places=12)
        self.assertEqual(described["quantiles"]["p50"], 4.5)
        self.assertEqual(described["quantiles"]["p25"], 4)

    def test_agrees_with_the_statistics_module(self):
        rng = random.Random(7)
        for _ in range(50):
            numbers = [rng.uniform(-1e6, 1e6) for _ in range(rng.randint(2, 60))]
            described = describe_numbers(numbers)
            self.assertAlmostEqual(described["mean"], statistics.fmean(numbers), places=6)
            self.assertAlmostEqual(described["standardDeviation"], statistics.stdev(numbers), places=6)
            quartiles = statistics.quantiles(numbers, n=4, method="inclusive")
            for label, expected in zip(("p25", "p50", "p75"), quartiles):
                self.assertAlmostEqual(described["quantiles"][label], expected, places=6)

    def test_the_order_of_rows_changes_nothing(self):
        numbers = [1e16, 1.0, -1e16, 3.0]
        self.assertEqual(describe_numbers(numbers), describe_numbers(numbers[::-1]))
        self.assertEqual(describe_numbers(numbers)["mean"], 1.0)


class Tables(unittest.TestCase):
    def test_finds_the_delimiter(self):
        self.assertEqual(find_delimiter("a;b;c\n1,5;2;3\n4;5,5;6\n"), ";")
        self.assertEqual(find_delimiter("a\tb\n1\t2\n"), "\t")
        self.assertEqual(find_delimiter("one\ntwo\n"), ",")

    def test_quotes_line_breaks_and_a_byte_order_mark(self):
        table = profile('\ufeffname,note\r\n"Ada, Countess","two\nlines"\r\nBob,"say ""hi"""\r\n')
        self.assertEqual(table["rows"], 2)
        self.assertEqual([c["name"] for c in table["columns"]], ["name", "note"])
        self.assertEqual(table["columns"][1]["top"][0], {"value": 'say "hi"', "count": 1})

    def test_counts_missing_values_by_the_given_texts(self):
        text = "a\nNA\n1\n-\n2\n"
        self.assertEqual(column(text, "a")["nulls"], 1)
        described = column(text, "a", null_values=["NA", "-"])
        self.assertEqual((described["nulls"], described["type"], described["mean"]), (2, "integer", 1.5))

    def test_warns_of_what_looks_wrong(self):
        table = profile("id,id,\n1,2\n1,2,3,4\n")
        self.assertEqual(
            table["warnings"],
            ["column 'id' occurs 2 times", "column 3 has no name", "2 rows do not have 3 cells: 2, 3"],
        )
        self.assertEqual(column("c\nx\nX\n", "c")["warnings"], ["some values differ only in case or white space"])
        self.assertIn("1 of 3 values are not numbers, the others are", column("n\n1\n2\nthree\n", "n")["warnings"])

    def test_refuses_what_is_no_table(self):
        for text in ("\n\n", 'a,b\n"unclosed,1\n'):
            with self.assertRaises(InvalidTable):
                profile(text, delimiter=",")

    def test_a_header_alone_has_no_rows(self):
        table = profile("a,b\n")
        self.assertEqual((table["rows"], [c["type"] for c in table["columns"]]), (0, ["empty", "empty"]))


class Sample(unittest.TestCase):
    def test_the_shipped_table(self):
        table = profile(SAMPLE.read_text(encoding="utf-8"))
        self.assertEqual(table["rows"], len(SAMPLE.read_text(encoding="utf-8").splitlines()) - 1)
        self.assertEqual(
            {c["name"]: c["type"] for c in table["columns"]},
            {
                "zone": "text",
                "countries": "text",
                "latitude": "number",
                "longitude": "number",
                "offset_minutes": "integer",
                "has_summer_time": "boolean",
                "comment": "text",
            },
        )


if __name__ == "__main__":
    unittest.main()
