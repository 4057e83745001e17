"""Languages as clients name them, brought to the code that transcribers take."""

from __future__ import annotations

from typing import Final

NAMES: Final = dict(
    pair.split("=")
    for pair in (  # noqa: SIM905 - a table is read more easily than 110 strings
        "afrikaans=af albanian=sq amharic=am arabic=ar armenian=hy assamese=as azerbaijani=az bashkir=ba basque=eu "
        "belarusian=be bengali=bn bosnian=bs breton=br bulgarian=bg burmese=my cantonese=yue castilian=es catalan=ca "
        "chinese=zh croatian=hr czech=cs danish=da dutch=nl english=en estonian=et faroese=fo finnish=fi flemish=nl "
        "french=fr galician=gl georgian=ka german=de greek=el gujarati=gu haitian=ht hausa=ha hawaiian=haw hebrew=he "
        "hindi=hi hungarian=hu icelandic=is indonesian=id italian=it japanese=ja javanese=jw kannada=kn kazakh=kk "
        "khmer=km korean=ko lao=lo latin=la latvian=lv letzeburgesch=lb lingala=ln lithuanian=lt luxembourgish=lb "
        "macedonian=mk malagasy=mg malay=ms malayalam=ml maltese=mt mandarin=zh maori=mi marathi=mr moldavian=ro "
        "moldovan=ro mongolian=mn myanmar=my nepali=ne norwegian=no nynorsk=nn occitan=oc panjabi=pa pashto=ps "
        "persian=fa polish=pl portuguese=pt punjabi=pa pushto=ps romanian=ro russian=ru sanskrit=sa serbian=sr "
        "shona=sn sindhi=sd sinhala=si sinhalese=si slovak=sk slovenian=sl somali=so spanish=es sundanese=su "
        "swahili=sw swedish=sv tagalog=tl tajik=tg tamil=ta tatar=tt telugu=te thai=th tibetan=bo turkish=tr "
        "turkmen=tk ukrainian=uk urdu=ur uzbek=uz valencian=ca vietnamese=vi welsh=cy yiddish=yi yoruba=yo"
    ).split()
)
"""Names Whisper gives the languages it knows, and its code for each."""


def language_code(text: str) -> str | None:
    """
    The code of a language that is named by code, by locale or by name; None where it is none of these.

    >>> language_code("zh_CN"), language_code("English"), language_code("pt-BR"), language_code("e n")
    ('zh', 'en', 'pt', None)
    """
    word = text.strip().lower().replace("_", "-")
    if word in NAMES:
        return NAMES[word]
    code = word.split("-")[0]
    parts = word.split("-")
    if not 2 <= len(code) <= 3 or not all(part.isascii() and part.isalnum() for part in parts) or not code.isalpha():
        return None
    return code
