"""Words for seeded letters: five languages, common words common and rare ones rare."""

from __future__ import annotations

import json
import random

_FIRST = "Anna Ben Carla Dimitri Elsa Farid Greta Hugo Ines Jürgen Katja Luc Mina Nils Olga Paul Rosa Sven Tess Yusuf"
_LAST = "Abel Brandt Chang Dupré Ekström Fournier Gruber Horváth Ivanov Jansen Keller Lopez Meyer Novák Okafor Petrov"
FILES = (
    "screenshot.png",
    "invoice.pdf",
    "log.txt",
    "Fehlerbericht.pdf",
    "скриншот.png",
    "截图.png",
    "contract.pdf",
)
_HEADS = (
    "Printer {} prints blank pages", "Invoice {} shows the old address", "Cannot log in to account {}",
    "VPN drops on laptop {}", "Password for mailbox {}", "Order {} has not arrived", "Scanner {} saves nothing",
    "Drucker {} meldet Papierstau", "Rechnung {} ist falsch", "Zugang für Konto {} gesperrt",
    "La commande {} n'est pas arrivée", "Imprimante {} en panne", "Принтер {} не печатает", "打印机 {} 无法打印",
)  # fmt: skip
_PROSE = """
printer invoice login fails after update please check order number customer delivery the a we you and cannot when
account server page error message screen thanks regards since yesterday morning file report password reset drum toner
network cable router firewall mailbox calendar meeting contract license renewal payment refund address phone laptop
keyboard monitor docking station battery charger browser cookie certificate expired permission folder share drive backup
restore snapshot database query timeout retry
"""
_OTHERS = """
Drucker Rechnung Anmeldung Fehler Straße größer Zürich Gerät Lieferung bitte danke seit gestern Passwort gesperrt Übersicht
imprimante facture échec connexion réseau écran clé depuis hier merci problème élève déjà commande livraison adresse
принтер счёт ошибка вход пароль сервер экран доставка спасибо вчера пожалуйста заказ клиент договор оплата сеть
打印机 发票 错误 登录 密码 服务器 屏幕 订单 客户 合同 付款 网络 昨天 请检查 谢谢 无法打印
"""
_SYLLABLES = "ka lo mi ter ban do sel ri vo nux pam tra gen fil or bes cu dra"


def name(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST.split())} {rng.choice(_LAST.split())}"


def subject(rng: random.Random) -> str:
    return rng.choice(_HEADS).format(rng.randint(1, 99_999))


class Texts:
    """A few thousand texts that letters take turns with, each with words of its own."""

    def __init__(self, rng: random.Random, count: int) -> None:
        common, others, syllables = _PROSE.split(), _OTHERS.split(), _SYLLABLES.split()
        rare = ["".join(rng.choice(syllables) for _ in range(3)) for _ in range(20_000)]
        self._texts = []
        for _ in range(count):
            length = max(5, min(600, int(rng.lognormvariate(3.6, 0.7))))
            drawn = [rng.choice(common if rng.random() < 0.8 else rare) for _ in range(length)]
            if rng.random() < 0.3:
                drawn[rng.randrange(length)] = rng.choice(others)
            self._texts.append(" ".join(drawn).capitalize() + ".")
        self._coded = [json.dumps(text)[1:-1] for text in self._texts]
        self._rng = rng

    def text(self, number: int) -> tuple[str, str]:
        """The text of the letter of that number, and its segments in stored form."""
        which = self._rng.randrange(len(self._texts))
        own = f" Our reference is q{number * 7919 % 10_000_019}, machine m{number % 5003}."
        return self._texts[which] + own, f'[["typed","{self._coded[which]}{own}"]]'
