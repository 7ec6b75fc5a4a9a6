import re
from collections import Counter


def main(input, soma):
    words = re.findall(r"\w+", input["text"].lower())
    soma.progress(0.5, f"{len(words)} words")
    soma.usage("words", len(words))
    top = sorted(Counter(words).items(), key=lambda item: (-item[1], item[0]))[:10]
    return {"words": len(words), "top": [{"word": word, "count": count} for word, count in top]}
