"""Jobs in both databases: who does them, how far they came, and that no two do one."""

import threading
import time

import pytest

from helpers.errors import NotFound
from helpers.service.records import BadPhoto
from helpers.service.storage.jobs import JobTable
from tests.support.until import until

pytestmark = pytest.mark.once("the server runs on Python 3.10 and newer")

FOLDER = {"folder": "robots"}
LONG, SHORT = 60.0, 0.05  # seconds of a lease


@pytest.fixture
def jobs(database):
    return JobTable(database)


def step(database, id, done, new=0, bad=(), owner=None):
    with database.transaction() as session:
        JobTable(database).step(session, id, done=done, new=new, bad=bad, owner=owner)


def test_one_who_lost_a_job_counts_no_more_in_it(database, jobs):
    job = jobs.create(FOLDER)
    jobs.claim("one", SHORT)
    step(database, job.id, 1, owner="one")
    jobs.end(job.id, "queued")
    jobs.claim("other", LONG)
    with pytest.raises(NotFound):
        step(database, job.id, 5, owner="one")
    step(database, job.id, 2, owner="other")
    assert jobs.get(job.id).done == 2


def test_a_job_is_queued_and_comes_back(jobs):
    request = {"folder": "é"}
    begin = time.time()
    job = jobs.create(request)
    end = time.time()
    assert (job.state, job.request, job.total) == ("queued", request, None)
    assert job[4:10] == (0, 0, 0, 0, False, "")
    assert begin - 0.01 <= job.created.timestamp() <= end + 0.01 and job.started is None and job.ended is None
    assert jobs.get(job.id) == job and jobs.newest() == [job] and jobs.unfinished() == 1


def test_a_list_of_photos_is_told_to_who_does_it_and_to_others_how_long_it_is(jobs):
    request = {"photos": [{"path": f"é{n}.jpg", "products": ["a"]} for n in range(3)]}
    job = jobs.create(request)
    assert jobs.claim("me", LONG).request == request
    for each in (job, jobs.get(job.id), jobs.create(request), jobs.newest()[0], jobs.cancel(job.id)):
        assert (each.id, each.request) == (job.id, {"photos": 3})


def test_the_same_request_is_one_job_until_it_has_ended(jobs):
    first = jobs.create({"folder": "a", "more": 1})
    assert jobs.create({"more": 1, "folder": "a"}) == first
    other = jobs.create({"folder": "b"})
    jobs.end(first.id, "done")
    again = jobs.create({"more": 1, "folder": "a"})
    assert len({first.id, other.id, again.id}) == 3
    assert [each.id for each in jobs.newest()] == [again.id, other.id, first.id]
    assert [each.id for each in jobs.newest(1)] == [again.id]


def test_one_that_is_to_be_cancelled_does_not_stand_for_a_new_one(jobs):
    first = jobs.create(FOLDER)
    jobs.claim("me", LONG)
    jobs.cancel(first.id)
    assert jobs.create(FOLDER).id != first.id


def test_the_oldest_is_claimed_first_and_once(jobs):
    first, second = jobs.create({"folder": "a"}), jobs.create({"folder": "b"})
    mine = jobs.claim("me", LONG)
    assert (mine.id, mine.state, mine.attempts) == (first.id, "running", 1) and mine.started is not None
    assert jobs.claim("you", LONG).id == second.id
    assert jobs.claim("me", LONG) is None
    assert jobs.unfinished() == 2


def test_a_lease_that_ran_out_gives_the_job_to_another_who_begins_anew(database, jobs):
    job = jobs.create(FOLDER)
    jobs.claim("me", SHORT)
    jobs.counted(job.id, 10)
    step(database, job.id, 4, 3, [BadPhoto("x.jpg", "torn")])
    assert jobs.get(job.id)[3:7] == (10, 4, 3, 1)
    taken = until(lambda: jobs.claim("you", LONG))
    assert taken.id == job.id and taken[3:8] == (None, 0, 0, 0, 2)
    assert jobs.bad(job.id, 9) == []
    with pytest.raises(NotFound, match="not me's"):
        jobs.beat(job.id, "me", LONG)
    with pytest.raises(NotFound, match="not me's"):
        jobs.end(job.id, "done", owner="me")
    jobs.end(job.id, "done", owner="you")


def test_a_beat_prolongs_the_lease(jobs):
    job, other = jobs.create(FOLDER), jobs.create({"folder": "b"})
    jobs.claim("me", SHORT)
    assert jobs.beat(job.id, "me", LONG) is False
    assert jobs.claim("me", SHORT).id == other.id
    taken = until(lambda: jobs.claim("you", LONG))
    assert taken.id == other.id, "the lease of the other, which began later, has run out"
    assert jobs.claim("you", LONG) is None


def test_a_step_counts_and_a_bad_photo_counts_once(database, jobs):
    job = jobs.create(FOLDER)
    jobs.claim("me", LONG)
    bad = [BadPhoto("b.jpg", "torn"), BadPhoto("a\udcff\0.jpg", "not a photo")]
    step(database, job.id, 5, 3, bad)
    step(database, job.id, 2, 2, [BadPhoto("b.jpg", "still torn"), BadPhoto("c.jpg", "")])
    assert jobs.get(job.id)[4:7] == (7, 5, 3)
    assert [tuple(each) for each in jobs.bad(job.id, 9)] == [
        ("a\\udcff\\x00.jpg", "not a photo"),
        ("b.jpg", "still torn"),
        ("c.jpg", ""),
    ]
    step(database, job.id, 1500, 0, [BadPhoto(f"{number}.jpg", "") for number in range(1500)])
    assert jobs.get(job.id).bad == 1503 and len(jobs.bad(job.id, 1000)) == 1000


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_a_job_ends_once(jobs, state):
    job = jobs.create(FOLDER)
    jobs.claim("me", LONG)
    jobs.end(job.id, state, "why\0")
    ended = jobs.get(job.id)
    assert (ended.state, ended.error) == (state, "why\\x00") and ended.ended >= ended.started >= ended.created
    jobs.end(job.id, "done")
    assert jobs.get(job.id) == ended == jobs.cancel(job.id)
    assert jobs.unfinished() == 0 and jobs.claim("me", LONG) is None


def test_one_that_is_given_back_is_taken_up_again(jobs):
    job = jobs.create(FOLDER)
    jobs.claim("me", LONG)
    jobs.end(job.id, "queued")
    assert jobs.get(job.id)[1] == "queued" and jobs.get(job.id).ended is None
    assert jobs.claim("you", LONG).attempts == 2
    jobs.cancel(job.id)
    jobs.end(job.id, "queued")
    assert jobs.get(job.id).state == "cancelled"


def test_a_queued_job_is_cancelled_at_once_and_one_that_runs_soon(jobs):
    job = jobs.create(FOLDER)
    cancelled = jobs.cancel(job.id)
    assert cancelled.state == "cancelled" and cancelled.ended is not None
    job = jobs.create(FOLDER)
    jobs.claim("me", LONG)
    asked = jobs.cancel(job.id)
    assert (asked.state, asked.cancelling) == ("running", True)
    assert jobs.beat(job.id, "me", SHORT) is True
    claimed = []
    until(lambda: claimed.append(jobs.claim("you", LONG)) or jobs.get(job.id).state == "cancelled")
    assert not any(claimed)  # who was to end it has gone: it has ended


def test_a_job_that_is_not_there(database, jobs):
    id = "nothing"
    for call in (jobs.get, jobs.cancel, lambda id: jobs.end(id, "done"), lambda id: jobs.counted(id, 1)):
        with pytest.raises(NotFound, match="no job"):
            call(id)
    assert jobs.bad(id, 9) == []
    with pytest.raises(NotFound, match="no job"):
        step(database, id, 1)


def test_a_job_that_has_to_end_is_not_claimed_when_its_lease_runs_out_meanwhile(database, jobs, monkeypatch):
    job = jobs.create(FOLDER)
    jobs.claim("me", LONG)
    jobs.cancel(job.id)
    jobs.beat(job.id, "me", 0.3)
    with database.transaction(write=False) as session:
        rows = type(session).rows

    def slowly(*values):
        answer = rows(*values)
        time.sleep(0.4)
        return answer

    monkeypatch.setattr(type(session), "rows", slowly)
    assert jobs.claim("you", LONG) is None


def test_no_job_is_claimed_twice_by_services_that_ask_at_once(opened, jobs):
    ids = [jobs.create({"folder": str(number)}).id for number in range(24)]
    claimed, wrong = [], []
    start = threading.Barrier(8)

    def claim(own, owner):
        try:
            start.wait()
            while True:
                job = own.claim(owner, LONG)
                if job is None:
                    return
                claimed.append(job.id)
        except Exception as error:
            wrong.append(error)

    services = [JobTable(opened()), JobTable(opened())]
    threads = [threading.Thread(target=claim, args=(services[n % 2], f"owner {n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert sorted(claimed) == sorted(ids)


def test_one_request_of_many_at_once_is_one_job(opened, jobs):
    services, made = [JobTable(opened()), JobTable(opened())], []
    threads = [
        threading.Thread(target=lambda own=services[n % 2]: made.append(own.create(FOLDER).id)) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8 and len(set(made)) == 1
