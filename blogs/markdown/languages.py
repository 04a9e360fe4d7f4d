"""The words and quotation marks that rendering adds, by language.

Quotation marks follow the Unicode CLDR, except that inner marks in French are “ ”. A language that is not in `QUOTES`
keeps straight quotes: Japanese text uses 「」 for speech only.
"""

from typing import NamedTuple


class Words(NamedTuple):
    note: str
    tip: str
    important: str
    warning: str
    caution: str
    table: str
    code: str
    section_link: str


class Quotes(NamedTuple):
    opening: str
    closing: str
    inner_opening: str
    inner_closing: str


_ENGLISH = Words("Note", "Tip", "Important", "Warning", "Caution", "Table", "Code", "Link to this section")
WORDS = {
    "ar": Words("ملاحظة", "نصيحة", "مهم", "تحذير", "تنبيه", "جدول", "شيفرة", "رابط إلى هذا القسم"),
    "de": Words("Hinweis", "Tipp", "Wichtig", "Warnung", "Vorsicht", "Tabelle", "Code", "Link zu diesem Abschnitt"),
    "en": _ENGLISH,
    "es": Words(
        "Nota", "Consejo", "Importante", "Advertencia", "Precaución", "Tabla", "Código", "Enlace a esta sección"
    ),
    "fr": Words(
        "Note", "Astuce", "Important", "Avertissement", "Attention", "Tableau", "Code", "Lien vers cette section"
    ),
    "it": Words(
        "Nota", "Suggerimento", "Importante", "Avviso", "Attenzione", "Tabella", "Codice", "Link a questa sezione"
    ),
    "ja": Words("補足", "ヒント", "重要", "警告", "注意", "表", "コード", "このセクションへのリンク"),
    "nl": Words("Opmerking", "Tip", "Belangrijk", "Waarschuwing", "Let op", "Tabel", "Code", "Link naar deze sectie"),
    "pl": Words("Uwaga", "Wskazówka", "Ważne", "Ostrzeżenie", "Ostrożnie", "Tabela", "Kod", "Link do tej sekcji"),
    "pt": Words("Nota", "Dica", "Importante", "Aviso", "Cuidado", "Tabela", "Código", "Link para esta seção"),
    "ru": Words(
        "Примечание", "Совет", "Важно", "Предупреждение", "Осторожно", "Таблица", "Код", "Ссылка на этот раздел"
    ),
    "zh": Words("说明", "提示", "重要", "警告", "小心", "表格", "代码", "本节链接"),
    "zh-hant": Words("說明", "提示", "重要", "警告", "小心", "表格", "程式碼", "本節連結"),
}
QUOTES = {
    "ar": Quotes("«", "»", "‹", "›"),  # Browsers mirror these in text from right to left.
    "cs": Quotes("„", "“", "‚", "‘"),
    "de": Quotes("„", "“", "‚", "‘"),
    "de-ch": Quotes("«", "»", "‹", "›"),
    "el": Quotes("«", "»", "“", "”"),
    "en": Quotes("“", "”", "‘", "’"),
    "es": Quotes("«", "»", "“", "”"),
    "fi": Quotes("”", "”", "’", "’"),
    "fr": Quotes("«\u202f", "\u202f»", "“", "”"),
    "it": Quotes("«", "»", "“", "”"),
    "ko": Quotes("“", "”", "‘", "’"),
    "nl": Quotes("“", "”", "‘", "’"),
    "pl": Quotes("„", "”", "«", "»"),
    "pt": Quotes("“", "”", "‘", "’"),
    "ru": Quotes("«", "»", "„", "“"),
    "sv": Quotes("”", "”", "’", "’"),
    "tr": Quotes("“", "”", "‘", "’"),
    "uk": Quotes("«", "»", "„", "“"),
    "zh": Quotes("“", "”", "‘", "’"),
}


def words_of(language: str) -> tuple[Words, str]:
    """The words for a language code such as `de-at`, and the code of the language that they are in."""
    code = _known(language, WORDS)
    return (WORDS[code], code) if code else (_ENGLISH, "en")


def quotes_of(language: str) -> Quotes | None:
    code = _known(language, QUOTES)
    return QUOTES[code] if code else None


def _known(language: str, table: dict[str, Words] | dict[str, Quotes]) -> str:
    """The longest prefix of the code that is in the table, or ""."""
    code = language.lower()
    while code and code not in table:
        code = code.rpartition("-")[0]
    return code
