"""In which language a letter says it was written, or seems to be.

The law: what is declared counts before what is guessed, and a guess that is not clear is none.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from mailtickets.core.reading.headers import Fields, first_of

_TAG = re.compile(r"([A-Za-z]{2,3})(?:-[A-Za-z0-9]{1,8})*")
# No part of an address or a file's name, and no single Latin letter: lists and tables are full of them.
_WORD = re.compile(r"(?<![\w.@/])(?:[^\W\d_]{2,}|[^\W\d_a-z])(?![\w@/]|\.\w)")
_MAX_TEXT = 2000  # characters that are looked at
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_FIRST_OF_SCRIPTS = "\u0370"
_FEWEST = 3  # points that a guess needs: a word of one language alone has two, a shared one has one
_ALONE, _SHARED, _SIGN = 2, 1, 3
# Scripts that one language alone is commonly written in.
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7a3]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("fa", re.compile("[پچژگکی][\u0620-\u06cc\u200c\\s]")),
    ("ar", re.compile("[\u0620-\u064a]")),
    ("hi", re.compile("[\u0900-\u097f]")),
    ("th", re.compile("[\u0e01-\u0e4e]")),
)
# Letters that stand in one of the others alone, or nearly so.
_LETTERS = (
    *(("de", "ß"), ("es", "ñ¿¡"), ("pt", "ãõ"), ("pl", "łąęśźż"), ("hu", "őű"), ("cs", "řěů"), ("sk", "ľĺŕ")),
    *(("ro", "țșăţş"), ("tr", "ğış"), ("uk", "іїєґ"), ("ru", "ыэё"), ("bg", "ъ"), ("da", "æ"), ("nb", "æ")),
    ("vi", "ạảấầẩậắằặẹẻẽếềểễệỉịọỏốồổộớờởợụủứừửựỳỷỹđươ"),
)
_SIGNS = {
    sign: tuple(tag for tag, letters in _LETTERS if sign in letters)
    for sign in frozenset("".join(letters for _, letters in _LETTERS))
}
# The small words of the others, and those that a short letter to a desk has: no text does without some of them.
_SMALL = {
    "en": "the and is are was you your for with this that have has not it of to in we please can my hello yes thanks thank "
    "cannot don what where when how help since still now works working problem yet our be there any been "
    "after before on would like could from an by but or if so they he she get got",
    "de": "der die das und ist nicht ich sie wir ein eine mit für auf zu den dem haben bitte wie auch es von hallo guten tag "
    "danke kann können mein meine unser unserer ja nein wo noch jetzt funktioniert geht seit bei uns mich mir kein keine hat "
    "wieder vielen dank sehr grüße problem wird werden heute "
    "nach vor aber oder wenn dass über unter im am vom zum zur möchte dieser diese dieses sind war habe nur schon",
    "fr": "le la les des et est pas je vous nous une un pour avec que qui dans ce sur merci du mon votre ne bonjour oui non "
    "où ma mes notre nos depuis cela ça plus encore maintenant marche fonctionne avons pouvez peux au aux il elle cette sont problème "
    "après avant mais ou si sans souhaite voudrais être été sont avoir très à ai leur",
    "es": "el la los las y es no que de por para con una un mi su usted en se me gracias está pero hola buenos días sí dónde "
    "tenemos puedo puede desde todavía ahora funciona nuestra nuestro problema favor ha ayuda ya muy tengo "
    "del después antes o sin quisiera podría quiero ser ha sido son tengo más como cuando esta este al",
    "it": "il lo gli di che non è e per con una un mi sono ho della nel grazie del ma la buongiorno salve sì dove abbiamo "
    "riesco posso potete ancora adesso ora funziona nostra nostro problema favore da questa questo ad dei alla "
    "dopo prima o se senza vorrei può è stato essere più come quando questo al dal nella lo gli ha",
    "pt": "o os as e não que de para com uma um meu por em se obrigado obrigada está da do no na você olá bom dia sim onde "
    "temos consigo posso pode ainda agora já funciona nossa nosso problema favor minha desde ao foi "
    "depois antes ou se sem gostaria pode foi ser são mais como quando esta este ao das dos à",
    "nl": "de het een en is niet ik u wij van voor met dat op te zijn heb bij aan graag wordt hallo beste bedankt dank ja nee "
    "waar mijn onze ons kan kunt kunnen nog nu werkt sinds hebben probleem wilt geen weer goedemorgen wat er om "
    "na voor of als zonder ben was meer zou deze dit die maar door bij over",
    "sv": "och att det är inte jag som en ett för med på av har till vi den kan om hej tack ja nej var min mitt vår vårt nu "
    "fungerar ni mig er sedan kommit än problem hjälpa "
    "efter innan eller om utan vill skulle är var upp från detta denna men blev när",
    "da": "og at det er ikke jeg som en et for med på af har til vi den kan om jer hej tak ja nej hvor min mit vores nu virker "
    "mig siden endnu problem hjælpe kommet "
    "efter før eller hvis uden vil skulle gerne var op fra dette denne men blev når",
    "nb": "og at det er ikke jeg som en et for med på av har til vi den kan om dere hei takk ja nei hvor min mitt vår nå virker "
    "meg siden ennå problem hjelpe kommet ikke fungerer "
    "etter før eller hvis uten vil skulle gjerne var opp fra dette denne men ble når å ønsker",
    "fi": "ja on ei en se että mutta kun ole hän minun kanssa mitä tämä voi olen hei kiitos kyllä missä meillä nyt toimii toimi "
    "vielä voitteko minua ongelma ovat myös sisään lähtien voinut "
    "jälkeen ennen tai jos ilman haluan oli tämän mutta kun kaikki minulle",
    "pl": "i w nie na jest się z do że to jak czy mam proszę dla po od za ale dzień dobry dziękuję tak gdzie mamy mogę nasz "
    "moje mojego teraz działa jeszcze problem mi pan pani jestem "
    "po przed lub jeśli bez chcę chciałbym był jest ten ta tym ale gdy mnie",
    "cs": "a je se na že to v z s do jsem jak ale pro prosím by o mám nebo dobrý den děkuji ano kde máme mohu moje můj nyní už "
    "funguje ještě problém mi nefunguje můžete od "
    "po před nebo pokud bez chci chtěl bych byl tento tato když mně",
    "sk": "a je sa na že to v z s do som ako ale pre prosím by o mám alebo dobrý deň ďakujem áno kde máme môžem moja môj teraz už "
    "funguje ešte problém mi nefunguje môžete od neviem "
    "po pred alebo ak bez chcem chcel bol tento táto keď mne",
    "hu": "a az és nem hogy is egy van kérem meg de ha ez volt már csak jó napot köszönöm igen hol nekünk tudok most működik még "
    "probléma óta segíteni tudnának szeretnék "
    "után előtt vagy nélkül szeretném volt ezt azt amikor nekem",
    "ro": "și în nu este pe cu la de o un să pentru care mai sunt am bună ziua mulțumesc da unde avem pot mea meu acum "
    "funcționează încă problemă vă rog mă puteți "
    "după înainte sau dacă fără vreau aș dori fost este acest când îmi",
    "tr": "ve bir bu için ile de da ne çok var değil olarak mi ben lütfen merhaba teşekkürler evet hayır nerede şimdi çalışıyor "
    "çalışmıyor henüz sorun misiniz yardım beri bizim "
    "sonra önce veya eğer istiyorum oldu bana benim kadar gibi daha",
    "vi": "không bạn có thể giúp tôi cảm ơn xin chào bây giờ đã được và của là cho với này một những "
    "sau trước hoặc nếu muốn tôi gửi cho",
    "id": "yang dan di tidak saya anda ini itu untuk dengan dari bisa bisakah terima kasih sudah belum sekarang tolong mohon ada kami "
    "setelah sebelum atau jika tanpa ingin adalah pada kepada",
    "ca": "el la els les i és no que de per amb una un meu em se gràcies està però hola sí on tenim puc des encara ara funciona "
    "nostra podeu ajudar plau us "
    "després abans o si sense vull ser ha estat aquest aquesta quan al del",
    "hr": "i u ne na je se da s za ali kao što sam dobar dan hvala gdje imamo mogu sada radi još problem mi možete li molim nije "
    "nakon prije ili ako bez želim bio ovaj kada meni",
    "sl": "in v ne na je se da s z za ampak kot kaj sem dober dan hvala kje imamo lahko zdaj deluje še težava mi prosim ni pomagate "
    "po pred ali če brez želim bil ta ko meni",
    "ru": "и в не на я что с как это по у мы для из но вы он за здравствуйте добрый день спасибо да нет где нас могу мой теперь "
    "работает ещё пожалуйста помогите уже мне меня от до есть проблема "
    "после перед или если без хочу был это эта когда мне",
    "uk": "і в не на я що з як це по у ми для але ви він за та є добрий день дякую так ні де нас можу моє мій тепер працює ще "
    "будь ласка допоможіть вже мені мене від до проблема "
    "після перед або якщо без хочу був це ця коли мені",
    "bg": "и в не на аз че с как това по у ние за но вие той да ли ще добър ден благодаря къде имаме мога моята сега работи още "
    "моля вече ми от до проблем можете помогнете тази "
    "след преди или ако без искам беше това когато ми",
}
_SPEAKERS: dict[str, tuple[str, ...]] = {
    word: tuple(tag for tag, words in _SMALL.items() if word in words.split())
    for all_words in _SMALL.values()
    for word in all_words.split()
}


def language(fields: Fields, body: str, typed: str) -> str:
    """The primary tag ("en"), "" if unknown. `body`: what the text's own mark declares; `typed`: the text.

    Content-Language (RFC 3282) counts first. HTML's mark is what a program is set to: it counts last.
    """
    return _tag(first_of(fields, "content-language").split(",")[0].strip()) or spoken(typed) or _tag(body)


def _tag(value: str) -> str:
    found = _TAG.fullmatch(value)
    return found[1].lower() if found else ""


@lru_cache(maxsize=2)  # most letters ask twice for the same text
def spoken(text: str) -> str:
    """The language that a text is clearly in, by its script or its small words; "" if it is not clear."""
    start = text[:_MAX_TEXT].lower()
    foreign = "" if start.isascii() else "".join(_FOREIGN.findall(start))
    if foreign and max(foreign) >= _FIRST_OF_SCRIPTS:
        letters = sum(map(len, _WORD.findall(start)))
        for tag, script in _SCRIPTS:
            # Japanese and Korean mix their own signs with Chinese ones.
            if len(script.findall(start)) * 5 > letters:
                return tag
    heard: Counter[str] = Counter()
    # A word counts once; what stands between two blanks is looked at once.
    for word in set(_WORD.findall(" ".join(set(start.split())))):
        speakers = _SPEAKERS.get(word, ())
        for tag in speakers:
            heard[tag] += _ALONE if len(speakers) == 1 else _SHARED
    for tag in {tag for sign in set(foreign) for tag in _SIGNS.get(sign, ())}:
        heard[tag] += _SIGN
    best = [*sorted(heard.items(), key=lambda found: -found[1])[:2], ("", 0), ("", 0)]
    (tag, most), (_, second) = best[0], best[1]
    return tag if most >= _FEWEST and most * 4 >= second * 5 else ""
