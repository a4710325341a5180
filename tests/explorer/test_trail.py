from helpers.explorer.trail import Step, Trail


def test_back_and_forward():
    trail = Trail()
    first, second = Step(like=(1,)), Step(like=(2,))
    trail.go(first)
    trail.go(second)
    trail.move(-1)
    assert trail.here == first
    trail.move(-9)
    assert trail.here is None
    trail.move(9)
    assert trail.here == second


def test_a_new_question_forgets_what_lay_ahead():
    trail = Trail()
    for photo in (1, 2, 3):
        trail.go(Step(like=(photo,)))
    trail.move(-2)
    trail.go(Step(like=(4,)))
    assert trail.steps == [None, Step(like=(1,)), Step(like=(4,))]


def test_the_same_question_again_is_no_step():
    trail = Trail()
    trail.go(None)
    trail.go(Step(like=(1,)))
    trail.go(Step(like=(1,)))
    assert trail.steps == [None, Step(like=(1,))]


def test_it_ends_somewhere():
    trail = Trail()
    for photo in range(1000):
        trail.go(Step(like=(photo,)))
    assert len(trail.steps) == 200 and trail.here == Step(like=(999,))


def test_marks_are_given_taken_back_and_changed():
    step = Step().marked(1, like=True).marked(2, like=False)
    assert step == Step(like=(1,), unlike=(2,))
    assert step.marked(1, like=True) == Step(unlike=(2,))
    assert step.marked(1, like=False) == Step(unlike=(2, 1))
    assert Step(like=(3,), box=(0, 0, 1, 1)).marked(4, like=True) == Step(like=(3, 4))
