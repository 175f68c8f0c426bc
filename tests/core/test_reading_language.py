"""Which language a letter is in: as declared, or as it clearly is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailtickets.core import reading
from mailtickets.core.reading import language

SPOKEN = {
    "Hello, the printer does not print and I have no idea why. Can you help?": "en",
    "Guten Tag, der Drucker druckt nicht und ich weiß nicht, wie es weitergeht.": "de",
    "Bonjour, mon imprimante ne marche pas et je ne sais pas pourquoi. Merci pour votre aide": "fr",
    "Hola, la impresora no funciona y no sé por qué. Gracias por su ayuda": "es",
    "Buongiorno, la stampante non funziona e non ho capito che cosa fare con il foglio": "it",
    "Olá, a impressora não funciona e não sei o que fazer com o papel": "pt",
    "Hallo, de printer werkt niet en ik weet niet wat het is, graag hulp van u": "nl",
    "Hej, skrivaren fungerar inte och jag vet inte vad det är som är fel": "sv",
    "Dzień dobry, drukarka nie działa i nie wiem, czy to jest wina papieru": "pl",
    "Здравствуйте, принтер не печатает, и я не знаю, что с ним": "ru",
    "Добрий день, принтер не друкує, і я не знаю, що це з ним є": "uk",
    "プリンターが動きません。": "ja",
    "打印机坏了。": "zh",
    "프린터가 작동하지 않습니다": "ko",
    "Ο εκτυπωτής δεν λειτουργεί": "el",
    "המדפסת לא עובדת": "he",
    "الطابعة لا تعمل": "ar",
    "Printer 42 defekt!": "",
    "to: as@example.com, do@example.com, a@example.com a a a to to do do": "",
    "OK": "",
    "": "",
}


@pytest.mark.parametrize("text", SPOKEN)
def test_a_text_speaks_for_itself(text: str) -> None:
    assert language.spoken(text) == SPOKEN[text]


@pytest.mark.parametrize(
    ("fields", "found"),
    [("Content-Language: fr-CA\n", "fr"), ("Content-Language: ??\n", "en"), ("", "en")],
)
def test_what_is_declared_counts_first(fields: str, found: str) -> None:
    text = "Hello, the printer does not print and I have no idea why."
    assert reading.read(f"From: a@b.example\n{fields}\n{text}".encode()).language == found


def test_what_is_quoted_does_not_tell_the_language_of_the_answer() -> None:
    answer = "Ja, es ist der Drucker und ich habe ihn nicht repariert.\n\n"
    quote = "> Is it the printer that you have not repaired, and is it with you?\n" * 5
    assert reading.read(f"From: a@b.example\n\n{answer}{quote}".encode()).language == "de"


# One sentence each, as people write them to a desk: thirty languages.
SENTENCES = """
en|The printer is not working, can you help me please?
en|I can't log in since this morning.
en|Please reset my password.
en|Where is my order? It has not arrived yet.
en|Thanks, that works now!
en|Yes, it works.
en|We have a problem with our invoice.
de|Der Drucker funktioniert nicht, können Sie mir bitte helfen?
de|Ich kann mich seit heute Morgen nicht anmelden.
de|Bitte setzen Sie mein Passwort zurück.
de|Wo ist meine Bestellung? Sie ist noch nicht angekommen.
de|Danke, jetzt funktioniert es!
de|Ja, es geht wieder.
de|Wir haben ein Problem mit unserer Rechnung.
fr|L'imprimante ne fonctionne pas, pouvez-vous m'aider ?
fr|Je ne peux pas me connecter depuis ce matin.
fr|Merci de réinitialiser mon mot de passe.
fr|Où est ma commande ? Elle n'est pas encore arrivée.
fr|Merci, cela fonctionne maintenant !
fr|Oui, ça marche.
fr|Nous avons un problème avec notre facture.
es|La impresora no funciona, ¿me puede ayudar por favor?
es|No puedo iniciar sesión desde esta mañana.
es|Por favor, restablezca mi contraseña.
es|¿Dónde está mi pedido? Todavía no ha llegado.
es|Gracias, ¡ahora funciona!
es|Sí, ya funciona.
es|Tenemos un problema con nuestra factura.
it|La stampante non funziona, mi potete aiutare per favore?
it|Non riesco ad accedere da questa mattina.
it|Per favore reimpostate la mia password.
it|Dov'è il mio ordine? Non è ancora arrivato.
it|Grazie, adesso funziona!
it|Sì, funziona.
it|Abbiamo un problema con la nostra fattura.
pt|A impressora não funciona, pode me ajudar por favor?
pt|Não consigo entrar desde hoje de manhã.
pt|Por favor, redefina a minha senha.
pt|Onde está o meu pedido? Ainda não chegou.
pt|Obrigado, agora funciona!
pt|Sim, já funciona.
pt|Temos um problema com a nossa fatura.
nl|De printer werkt niet, kunt u mij helpen alstublieft?
nl|Ik kan sinds vanochtend niet inloggen.
nl|Wilt u mijn wachtwoord opnieuw instellen?
nl|Waar is mijn bestelling? Die is nog niet aangekomen.
nl|Bedankt, het werkt nu!
nl|Ja, het werkt weer.
nl|Wij hebben een probleem met onze factuur.
sv|Skrivaren fungerar inte, kan ni hjälpa mig?
sv|Jag kan inte logga in sedan i morse.
sv|Kan ni återställa mitt lösenord?
sv|Var är min beställning? Den har inte kommit än.
sv|Tack, nu fungerar det!
sv|Vi har problem med vår faktura.
da|Printeren virker ikke, kan I hjælpe mig?
da|Jeg kan ikke logge ind siden i morges.
da|Hvor er min bestilling? Den er ikke kommet endnu.
da|Tak, nu virker det!
da|Vi har et problem med vores faktura.
nb|Skriveren virker ikke, kan dere hjelpe meg?
nb|Jeg kan ikke logge inn siden i dag tidlig.
nb|Hvor er bestillingen min? Den har ikke kommet ennå.
nb|Takk, nå virker det!
nb|Vi har et problem med fakturaen vår.
fi|Tulostin ei toimi, voitteko auttaa minua?
fi|En ole voinut kirjautua sisään aamusta lähtien.
fi|Missä tilaukseni on? Se ei ole vielä saapunut.
fi|Kiitos, nyt se toimii!
fi|Meillä on ongelma laskun kanssa.
pl|Drukarka nie działa, czy możecie mi pomóc?
pl|Nie mogę się zalogować od dzisiaj rana.
pl|Proszę o zresetowanie mojego hasła.
pl|Gdzie jest moje zamówienie? Jeszcze nie dotarło.
pl|Dziękuję, teraz działa!
pl|Mamy problem z naszą fakturą.
cs|Tiskárna nefunguje, můžete mi prosím pomoci?
cs|Od rána se nemohu přihlásit.
cs|Kde je moje objednávka? Ještě nepřišla.
cs|Děkuji, už to funguje!
cs|Máme problém s fakturou.
sk|Tlačiareň nefunguje, môžete mi prosím pomôcť?
sk|Od rána sa neviem prihlásiť.
sk|Kde je moja objednávka? Ešte neprišla.
sk|Ďakujem, už to funguje!
hu|A nyomtató nem működik, tudnának segíteni?
hu|Reggel óta nem tudok bejelentkezni.
hu|Hol van a rendelésem? Még nem érkezett meg.
hu|Köszönöm, most már működik!
ro|Imprimanta nu funcționează, mă puteți ajuta vă rog?
ro|Nu mă pot conecta de azi dimineață.
ro|Unde este comanda mea? Nu a ajuns încă.
ro|Mulțumesc, acum funcționează!
tr|Yazıcı çalışmıyor, lütfen yardım eder misiniz?
tr|Bu sabahtan beri giriş yapamıyorum.
tr|Siparişim nerede? Henüz gelmedi.
tr|Teşekkürler, şimdi çalışıyor!
ru|Принтер не работает, помогите пожалуйста.
ru|Не могу войти с сегодняшнего утра.
ru|Где мой заказ? Он ещё не пришёл.
ru|Спасибо, теперь работает!
uk|Принтер не працює, допоможіть будь ласка.
uk|Не можу увійти з самого ранку.
uk|Де моє замовлення? Воно ще не прийшло.
uk|Дякую, тепер працює!
bg|Принтерът не работи, можете ли да ми помогнете?
bg|Не мога да вляза от тази сутрин.
bg|Благодаря, вече работи!
el|Ο εκτυπωτής δεν λειτουργεί.
he|המדפסת לא עובדת, אפשר עזרה?
ar|الطابعة لا تعمل، هل يمكنكم مساعدتي؟
fa|چاپگر کار نمی‌کند، لطفاً کمک کنید.
ja|プリンターが動きません。助けてください。
zh|打印机坏了，请帮忙。
ko|프린터가 작동하지 않습니다.
th|เครื่องพิมพ์ไม่ทำงาน
hi|प्रिंटर काम नहीं कर रहा है
vi|Máy in không hoạt động, bạn có thể giúp tôi không?
vi|Cảm ơn, bây giờ đã hoạt động!
id|Printer tidak berfungsi, bisakah Anda membantu saya?
id|Terima kasih, sekarang sudah berfungsi!
ca|La impressora no funciona, em podeu ajudar si us plau?
hr|Pisač ne radi, možete li mi pomoći?
sl|Tiskalnik ne deluje, mi lahko pomagate?
en|Could you send me a copy of the contract?
en|The screen stays black after the update.
en|I would like to cancel my subscription.
en|Good morning, the coffee machine on the third floor leaks.
de|Können Sie mir eine Kopie des Vertrags schicken?
de|Der Bildschirm bleibt nach dem Update schwarz.
de|Ich möchte mein Abonnement kündigen.
de|Guten Morgen, die Kaffeemaschine im dritten Stock ist undicht.
fr|Pourriez-vous m'envoyer une copie du contrat ?
fr|L'écran reste noir après la mise à jour.
fr|Je souhaite résilier mon abonnement.
fr|Bonjour, la machine à café du troisième étage fuit.
es|¿Podría enviarme una copia del contrato?
es|La pantalla se queda negra después de la actualización.
es|Quisiera cancelar mi suscripción.
es|Buenos días, la cafetera del tercer piso pierde agua.
it|Potrebbe inviarmi una copia del contratto?
it|Lo schermo rimane nero dopo l'aggiornamento.
it|Vorrei disdire il mio abbonamento.
it|Buongiorno, la macchina del caffè al terzo piano perde acqua.
pt|Poderia enviar-me uma cópia do contrato?
pt|O ecrã fica preto depois da atualização.
pt|Gostaria de cancelar a minha assinatura.
pt|Bom dia, a máquina de café do terceiro andar está a verter água.
nl|Kunt u mij een kopie van het contract sturen?
nl|Het scherm blijft zwart na de update.
nl|Ik wil graag mijn abonnement opzeggen.
sv|Kan ni skicka en kopia av avtalet till mig?
sv|Skärmen är svart efter uppdateringen.
sv|Jag vill säga upp min prenumeration.
da|Kan I sende mig en kopi af kontrakten?
da|Skærmen er sort efter opdateringen.
da|Jeg vil gerne opsige mit abonnement.
nb|Kan dere sende meg en kopi av kontrakten?
nb|Jeg ønsker å si opp abonnementet mitt.
fi|Voisitteko lähettää minulle kopion sopimuksesta?
fi|Näyttö on musta päivityksen jälkeen.
pl|Czy mogą Państwo przesłać mi kopię umowy?
pl|Ekran jest czarny po aktualizacji.
pl|Chcę zrezygnować z subskrypcji.
cs|Můžete mi poslat kopii smlouvy?
cs|Obrazovka je po aktualizaci černá.
hu|Elküldené nekem a szerződés másolatát?
hu|A képernyő fekete a frissítés után.
ro|Îmi puteți trimite o copie a contractului?
ro|Ecranul rămâne negru după actualizare.
tr|Bana sözleşmenin bir kopyasını gönderebilir misiniz?
tr|Güncellemeden sonra ekran siyah kalıyor.
ru|Пришлите мне, пожалуйста, копию договора.
ru|После обновления экран остаётся чёрным.
uk|Надішліть мені, будь ласка, копію договору.
uk|Після оновлення екран залишається чорним.
el|Μπορείτε να μου στείλετε ένα αντίγραφο;
ja|契約書のコピーを送っていただけますか。
zh|请把合同的副本发给我。
ko|계약서 사본을 보내 주시겠습니까?
ar|هل يمكنكم إرسال نسخة من العقد؟
he|תוכלו לשלוח לי עותק של החוזה?
vi|Bạn có thể gửi cho tôi bản sao hợp đồng không?
id|Bisakah Anda mengirimkan salinan kontrak kepada saya?
""".strip().splitlines()


@pytest.mark.parametrize("row", SENTENCES)
def test_a_sentence_is_never_taken_for_another_language(row: str) -> None:
    tag, _, sentence = row.partition("|")
    assert language.spoken(sentence) in (tag, "")


def test_of_single_sentences_nineteen_in_twenty_are_told() -> None:
    told = [row for row in SENTENCES if language.spoken(row.partition("|")[2]) == row.partition("|")[0]]
    assert len(told) * 20 >= len(SENTENCES) * 19


@given(st.text(max_size=300))
def test_any_text_is_in_some_language_or_none(text: str) -> None:
    found = language.spoken(text)
    assert found == "" or (found.isalpha() and len(found) == 2)
    assert language.spoken(text) == found
