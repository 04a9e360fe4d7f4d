"""A post with every element that the public pages show, for tests of rendered pages."""

EVERYTHING = """
# A heading inside

A paragraph with `code`, ~~strikes~~, ==marks==, H~2~O, x^2^, a footnote[^1], a [link](/other/), a
[relative link](../other/#part), a [link in the page](#tables), an abbreviation HTML and a very-long-word-{long}.

*[HTML]: HyperText Markup Language

## Tables

| a table | with | many | columns | that | does | not | fit | a | phone | at | all |
|:--|:-:|--:|---|---|---|---|---|---|---|---|---|
| 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 |

<table><caption>An imported table</caption>
<thead><tr><th scope="col">A name</th><th scope="col">Another</th><th scope="col">{long}</th></tr></thead>
<tbody><tr><td>1</td><td>2</td><td>3</td></tr></tbody></table>

## Lists

- [x] done
- [ ] open

1. one
2. two

Term
: Its definition

## Code

```python
def a_line_that_is_much_too_long_for_a_phone(and_has_many, parameters_with, long_names): return "as code often is"
```

    An indented block of code

## Callouts

> [!NOTE]
> A note.

> [!WARNING]
> A warning with `code`.

:::tip
A tip.
:::

> A quotation.

<details><summary>More</summary><p>Hidden text.</p></details>

## Formulas

A formula $x^2 + \\frac{{1}}{{y}}$ in a text.

$$
\\sum_{{i=1}}^n i
$$

## Cards

https://www.youtube.com/watch?v=dQw4w9WgXcQ

***

<p>Press <kbd>Ctrl</kbd>, or see <cite>The Art</cite>, <q>quoted</q>, <ins>inserted</ins>, <small>small</small>.</p>

[^1]: The footnote.
""".format(long="x" * 120)
