from profiler import DEFAULT_NULLS, profile


def main(input, soma):
    text = input["csv"]
    soma.progress(0, f"reading {len(text)} characters")
    result = profile(
        text,
        delimiter=input.get("delimiter"),
        null_values=input.get("nullValues", DEFAULT_NULLS),
        top_values=input.get("topValues", 5),
        on_progress=lambda fraction, rows: soma.progress(fraction, f"{rows} rows"),
    )
    soma.usage("rows", result["rows"])
    for column in result["columns"]:
        print(f"{column['name']}: {column['type']}, {column['distinct']} distinct, {column['nulls']} missing", flush=True)
        for warning in column["warnings"]:
            soma.event("warning", {"column": column["name"], "message": warning})
    return result
