"""Languages as clients name them, brought to the code that transcribers take."""

from __future__ import annotations

from typing import Final


def _read_table(text: str) -> dict[str, str]:
    """A table of ``name=code``, which is read more easily than a hundred strings."""
    return dict(pair.split("=") for pair in text.split())


UNTOLD: Final = frozenset({"", "auto", "autodetect", "automatic", "detect", "none", "null", "undefined", "und", "mul"})
"""What clients send who leave it to the model."""

OWN_NAMES: Final = _read_table(
    "bahasa=id català=ca catala=ca čeština=cs cestina=cs dansk=da deutsch=de eesti=et español=es espanol=es "
    "français=fr francais=fr hrvatski=hr italiano=it latviešu=lv lietuvių=lt magyar=hu nederlands=nl norsk=no "
    "polski=pl português=pt portugues=pt română=ro romana=ro shqip=sq slovenčina=sk slovenščina=sl suomi=fi "
    "svenska=sv türkçe=tr turkce=tr ελληνικά=el български=bg русский=ru српски=sr українська=uk עברית=he "
    "العربية=ar فارسی=fa हिन्दी=hi हिंदी=hi বাংলা=bn தமிழ்=ta ไทย=th 中文=zh 日本語=ja 한국어=ko"
)
"""What speakers call their language."""

THREE_LETTERS: Final = _read_table(
    "afr=af alb=sq sqi=sq amh=am ara=ar arm=hy hye=hy aze=az baq=eu eus=eu bel=be ben=bn bos=bs bul=bg bur=my "
    "mya=my cat=ca chi=zh zho=zh cmn=zh hrv=hr cze=cs ces=cs dan=da dut=nl nld=nl eng=en est=et fin=fi fre=fr "
    "fra=fr geo=ka kat=ka ger=de deu=de gre=el ell=el guj=gu heb=he hin=hi hun=hu ice=is isl=is ind=id "
    "ita=it jpn=ja kan=kn kaz=kk khm=km kor=ko lao=lo lat=la lav=lv lit=lt mac=mk mkd=mk may=ms msa=ms mal=ml "
    "mar=mr mon=mn nep=ne nor=no nob=no nno=nn per=fa fas=fa pol=pl por=pt rum=ro ron=ro rus=ru srp=sr slo=sk "
    "slk=sk slv=sl spa=es swa=sw swe=sv tam=ta tel=te tgl=tl fil=tl tha=th "
    "tur=tr ukr=uk urd=ur uzb=uz vie=vi wel=cy cym=cy"
)
"""ISO 639-2 and -3 for the code of two letters that transcribers take."""

OTHER_CODES: Final = {"iw": "he", "in": "id", "ji": "yi", "nb": "no", "jv": "jw", "cn": "zh", "jp": "ja", "kr": "ko"}
"""Codes that were withdrawn, or are a country's, and codes Whisper has another for."""

NAMES: Final = _read_table(
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
)
"""Names Whisper gives the languages it knows, and its code for each."""


def language_code(text: str) -> str | None:
    """
    The code of a language that is named by code, by locale or by name; None where it is none of these.

    >>> language_code("zh_CN"), language_code("English"), language_code("pt-BR"), language_code("e n")
    ('zh', 'en', 'pt', None)
    """
    word = text.strip().casefold().partition(".")[0].partition("@")[0].replace("_", "-")
    for table in (NAMES, OWN_NAMES):
        if word in table:
            return table[word]
    code = word.split("-")[0]
    parts = word.split("-")
    if not 2 <= len(code) <= 3 or not all(part.isascii() and part.isalnum() for part in parts) or not code.isalpha():
        return None
    return THREE_LETTERS.get(code) or OTHER_CODES.get(code, code)
