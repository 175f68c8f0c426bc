"""An address is one person's, and the config says who is staff."""

from __future__ import annotations

from mailtickets.config import Staff
from mailtickets.core.decision import Mark
from mailtickets.core.mail import Address
from mailtickets.core.person import Role
from mailtickets.store import people, views
from mailtickets.store.engine import Store, Tx
from mailtickets.store.people import Familiar
from mailtickets.store.sheet import Sheet
from tests.store.letters import ANN, LEE, NOW

HOME = Address("ann@home.example")
BEN = Address("ben@example.org", "Ben")


def sync(store: Store, *staff: Staff) -> None:
    store.write_sync(people.sync_staff, staff, NOW)


def agent(address: Address = ANN, *also: Address, role: Role = Role.AGENT) -> Staff:
    return Staff(address, "Ann Smith", role, also, ("support",), "en", "Europe/Berlin")


def test_the_config_makes_staff(store: Store) -> None:
    sync(store, agent(ANN, HOME), agent(BEN, role=Role.ADMIN))
    ann, ben = store.read_sync(people.staff)
    assert (ann.address, ann.also, ann.name, ann.role) == (ANN, (HOME,), "Ann Smith", Role.AGENT)
    assert (ann.projects, ann.language, ann.timezone) == (("support",), "en", "Europe/Berlin")
    assert ben.role is Role.ADMIN
    assert store.read_sync(people.by_address, HOME.key) == ann


def test_whoever_wrote_before_being_hired_stays_the_same_person(store: Store) -> None:
    before, is_new = store.write_sync(people.ensure, ANN, NOW)
    sync(store, agent())
    assert is_new
    assert [p.id for p in store.read_sync(people.staff)] == [before.id]


def test_whoever_is_named_no_more_is_a_requester_again(store: Store) -> None:
    sync(store, agent(), agent(BEN))
    sync(store, agent(BEN))
    assert [p.address for p in store.read_sync(people.staff)] == [BEN]
    ann = store.read_sync(people.by_address, ANN.key)
    assert ann
    assert not ann.is_staff


def test_an_address_taken_out_of_the_config_is_nobodys(store: Store) -> None:
    sync(store, agent(ANN, HOME))
    sync(store, agent(ANN))
    assert store.read_sync(people.by_address, HOME.key) is None


def test_another_address_of_an_agent_is_the_agents_even_if_it_wrote_before(store: Store) -> None:
    old, _ = store.write_sync(people.ensure, HOME, NOW)
    sync(store, agent(ANN, HOME))
    ann = store.read_sync(people.by_address, HOME.key)
    assert ann
    assert ann.address == ANN
    kept = store.read_sync(people.by_id, old.id)
    assert kept
    assert kept.address == HOME


def test_people_are_found_by_any_of_their_addresses_in_any_case(store: Store) -> None:
    sync(store, agent(ANN, Address("Ann.Smith@Home.example")))
    found = store.write_sync(people.ensure_all, (Address("ANN.SMITH@home.example"), LEE), NOW)
    assert [(key, p.address.spec) for key, p in found.items()] == [
        ("ann.smith@home.example", ANN.spec),
        (LEE.key, LEE.spec),
    ]


def test_whom_a_batch_knows_already_is_found_as_by_asking(store: Store) -> None:
    sync(store, agent(ANN, HOME), agent(BEN))
    lee, _ = store.write_sync(people.ensure, LEE, NOW)

    def meets(tx: Tx) -> None:
        familiar = Familiar(Sheet(tx), NOW)
        ann, ben = familiar.staff
        assert familiar.meet((LEE, HOME, BEN, ANN)) == (lee, ann, ben)
        assert familiar.by_ids((lee.id, ann.id, 99)) == people.by_ids(tx, (lee.id, ann.id))
        assert not familiar.is_new(LEE)

    store.write_sync(meets)


def test_a_name_that_is_learnt_within_a_batch_is_known_to_the_next_letter(store: Store) -> None:
    nameless, _ = store.write_sync(people.ensure, Address(LEE.spec), NOW)

    def learns(tx: Tx) -> None:
        familiar = Familiar(Sheet(tx), NOW)
        familiar.call(familiar.of(LEE), "Lee")
        assert familiar.of(LEE).address.name == "Lee"
        assert familiar.by_ids((nameless.id,))[nameless.id].address.name == "Lee"

    store.write_sync(learns)


def test_whoever_came_within_a_batch_is_one_person_and_new_once(store: Store) -> None:
    def comes(tx: Tx) -> None:
        familiar = Familiar(Sheet(tx), NOW)
        assert len({p.id for p in (*familiar.meet((LEE, BEN, LEE)), familiar.of(LEE))}) == 2
        assert [familiar.is_new(LEE), familiar.is_new(LEE)] == [True, False]

    store.write_sync(comes)
    assert store.read_sync(people.by_address, LEE.key)


def test_an_address_that_became_anothers_is_never_the_old_owners(store: Store) -> None:
    old, _ = store.write_sync(people.ensure, HOME, NOW)
    sync(store, agent(ANN, HOME))

    def asks(tx: Tx) -> None:
        familiar = Familiar(Sheet(tx), NOW)
        assert familiar.by_ids((old.id,))
        assert familiar.of(HOME).address == ANN

    store.write_sync(asks)


def test_what_became_of_mail_to_an_address_is_kept_and_lifted(store: Store) -> None:
    sync(store, agent(ANN, HOME))
    lee, _ = store.write_sync(people.ensure, LEE, NOW)
    assert (lee.bounces, lee.is_paused, store.read_sync(views.paused_rows)) == (0, False, ())
    store.write_sync(people.mark, (Mark(LEE, 3, "It came back."), Mark(ANN, 2)), NOW)
    paused = store.read_sync(people.by_address, LEE.key)
    ann = store.read_sync(people.by_address, HOME.key)
    assert paused
    assert ann
    assert (paused.bounces, paused.paused, ann.bounces, ann.is_paused) == (3, "It came back.", 2, False)
    # The config is read at each start: what was learnt of the addresses in it stays.
    sync(store, agent(ANN, HOME))
    assert [p.bounces for p in store.read_sync(people.staff)] == [2]
    assert [(r.address, r.why, r.bounces) for r in store.read_sync(views.paused_rows)] == [
        (LEE.spec, "It came back.", 3)
    ]
    assert store.write_sync(people.lift, ("nobody@x.example",)) == 0
    assert store.write_sync(people.lift, (LEE.key,)) == 1
    again = store.read_sync(people.by_address, LEE.key)
    assert again
    assert (again.bounces, again.is_paused) == (0, False)
    store.write_sync(people.mark, (Mark(LEE, 3, "It came back."),), NOW)
    assert store.write_sync(people.lift, ()) == 1


def test_only_the_registered_address_of_somebody_is_what_is_paused(store: Store) -> None:
    sync(store, agent(ANN, HOME))
    store.write_sync(people.mark, (Mark(HOME, 3, "It came back."),), NOW)
    (ann,) = store.read_sync(people.staff)
    assert not ann.is_paused
