from staff.guide_diff import Row, Side, differences, whole_text


def test_words_that_differ_are_marked_on_both_sides():
    before, after = "một\nbấm nút đỏ ở dưới\nba", "một\nbấm nút xanh ở dưới\nba"

    assert differences(before, after) == [
        Row("same", Side(1, (("một", False),)), Side(1, (("một", False),))),
        Row(
            "changed",
            Side(2, (("bấm nút", False), ("đỏ", True), ("ở dưới", False))),
            Side(2, (("bấm nút", False), ("xanh", True), ("ở dưới", False))),
        ),
        Row("same", Side(3, (("ba", False),)), Side(3, (("ba", False),))),
    ]


def test_what_is_far_from_a_change_is_a_gap_and_lines_keep_their_numbers():
    before = "\n".join(str(number) for number in range(1, 11))

    rows = differences(before, before.replace("\n9\n", "\n9\nmới\n"))

    assert [row.kind for row in rows] == ["gap", "same", "same", "added", "same"]
    assert rows[3].after == Side(10, (("mới", True),))


def test_a_line_that_is_gone_stands_on_the_left_alone():
    assert differences("một\nhai", "một")[-1] == Row("removed", Side(2, (("hai", True),)), None)


def test_texts_that_are_the_same_have_no_differences():
    assert differences("một\nhai", "một\nhai") == []


def test_questions_are_compared_with_the_file():
    assert whole_text("# Một\n", ["hỏi gì"]) == "# Một\n\n? hỏi gì"
