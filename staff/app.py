"""The staff site as one router: every address of it stands here.

What is not in `PUBLIC` needs a sign-in, and every POST checks its form, by being listed. What is
in `INSIDE` names the right it needs besides (staff.roles). Tries of passwords, codes and links are
counted before anything is looked up.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Response

from staff import (
    announcements,
    audit_page,
    breaches,
    class_notes,
    code,
    data_desk,
    district,
    enrolment,
    guide_editor,
    guide_version,
    guides,
    hamlets,
    imports,
    invitation,
    keys,
    lists,
    models_lists,
    my_account,
    overview,
    papers,
    people,
    plan_progress,
    plan_rows,
    plans,
    processing,
    question_groups,
    report_template_pages,
    reports,
    requests,
    sign_in,
    sso_pages,
    stylesheet,
    unanswered,
    volunteers,
    waiting,
)
from staff.access import (
    check_public_form,
    check_staff_form,
    count_try,
    needs,
    signed_in,
    signed_in_at_all,
)
from staff.roles import Right
from staff.route import StaffRoute
from staff.site import PREFIX, Site
from staff.too_large import TooLargePage

MAX_FORM_BYTES = 64 * 1024

# Where files are brought: bytes of the whole form.
LARGE_FORMS = {
    "/ke-hoach": plans.MAX_FORM_BYTES,
    "/nhap": imports.MAX_FORM_BYTES,
    "/bao-cao/{report_id}": reports.MAX_FORM_BYTES,
    "/bao-cao/mau": report_template_pages.MAX_FORM_BYTES,
}

_Route = tuple[str, str, Callable[..., Any]]
_InsideRoute = tuple[str, str, Callable[..., Any], Right]

PUBLIC: tuple[_Route, ...] = (
    ("GET", stylesheet.PATH, stylesheet.show),
    ("GET", "/dang-nhap", sign_in.show),
    ("POST", "/dang-nhap", sign_in.submit),
    ("GET", "/ma-xac-thuc", code.show),
    ("POST", "/ma-xac-thuc", code.submit),
    ("GET", "/moi/{token}", invitation.show),
    ("POST", "/moi/{token}", invitation.submit),
    ("GET", sso_pages.PATH, sso_pages.begin),
    ("GET", sso_pages.BACK, sso_pages.finish),
)
# Open before the second factor is set up where one is needed.
FIRST_STEPS: tuple[_Route, ...] = (
    ("POST", "/dang-xuat", sign_in.sign_out),
    ("GET", "/xac-thuc", enrolment.show),
    ("POST", "/xac-thuc", enrolment.set_up),
)
INSIDE: tuple[_InsideRoute, ...] = (
    ("GET", "/tai-khoan", my_account.show, Right.own_account),
    ("POST", "/tai-khoan/mat-khau", my_account.change_password, Right.own_account),
    ("POST", "/xac-thuc/tat", enrolment.turn_off, Right.own_account),
    ("POST", "/dang-xuat-het", my_account.sign_out_everywhere, Right.own_account),
    ("GET", "", overview.show, Right.see_figures),
    ("GET", "/tong-quan.csv", overview.export, Right.see_figures),
    ("GET", "/cau-hoi", lists.show_questions, Right.see_questions),
    ("GET", "/loi-nho", lists.show_calls, Right.answer_calls),
    ("GET", "/nguoi-duoc-giup", lists.show_helped, Right.see_questions),
    ("GET", "/theo-huong-dan", lists.show_guides, Right.see_figures),
    ("GET", "/chua-tra-loi", unanswered.show, Right.see_questions),
    ("GET", "/chua-tra-loi.csv", unanswered.export, Right.see_questions),
    ("GET", "/chua-tra-loi/nhom", question_groups.show, Right.see_questions),
    ("GET", "/chua-tra-loi/nhom/{question_id}", question_groups.show_one, Right.see_questions),
    ("POST", "/chua-tra-loi/nhom/{question_id}/them", question_groups.add_to_guide, Right.see_questions),
    ("POST", "/chua-tra-loi/nhom/{question_id}/viet", question_groups.write_guide, Right.see_questions),
    ("POST", "/chua-tra-loi/nhom/{question_id}/bo-qua", question_groups.set_aside, Right.see_questions),
    ("GET", "/kho-huong-dan", guides.show, Right.see_guides),
    ("POST", "/kho-huong-dan", guides.begin_new, Right.write_guides),
    ("GET", "/kho-huong-dan/{slug}", guides.show_one, Right.see_guides),
    ("POST", "/kho-huong-dan/{slug}/ban-nhap", guides.begin, Right.write_guides),
    ("POST", "/kho-huong-dan/{slug}/thoi-dung", guides.retire, Right.review_guides),
    ("GET", "/kho-huong-dan/ban/{version_id}", guide_version.show, Right.see_guides),
    ("GET", "/kho-huong-dan/ban/{version_id}/sua", guide_editor.show, Right.write_guides),
    ("POST", "/kho-huong-dan/ban/{version_id}/sua", guide_editor.save, Right.write_guides),
    ("POST", "/kho-huong-dan/ban/{version_id}/gui-duyet", guide_version.submit, Right.write_guides),
    ("POST", "/kho-huong-dan/ban/{version_id}/duyet", guide_version.publish, Right.review_guides),
    ("POST", "/kho-huong-dan/ban/{version_id}/tra-lai", guide_version.give_back, Right.review_guides),
    ("POST", "/kho-huong-dan/ban/{version_id}/dua-lai", guide_version.restore, Right.review_guides),
    ("GET", "/dang-cho", waiting.show, Right.answer_calls),
    ("GET", "/dang-cho/{handoff_id}", waiting.show_one, Right.answer_calls),
    ("POST", "/dang-cho/{handoff_id}/khep", waiting.close, Right.answer_calls),
    ("POST", "/dang-cho/{handoff_id}/giao", waiting.give, Right.answer_calls),
    ("GET", "/tinh-nguyen-vien", volunteers.show, Right.edit_lists),
    ("POST", "/tinh-nguyen-vien", volunteers.invite, Right.edit_lists),
    ("GET", "/tinh-nguyen-vien/{volunteer_id}", volunteers.show_one, Right.edit_lists),
    ("POST", "/tinh-nguyen-vien/{volunteer_id}", volunteers.switch, Right.edit_lists),
    ("POST", "/tinh-nguyen-vien/{volunteer_id}/dia-ban", volunteers.set_hamlets, Right.edit_lists),
    ("POST", "/tinh-nguyen-vien/{volunteer_id}/ma-moi", volunteers.renew_code, Right.edit_lists),
    ("GET", "/du-lieu-ca-nhan", data_desk.show, Right.personal_data),
    ("GET", "/yeu-cau", requests.show_form, Right.personal_data),
    ("POST", "/yeu-cau", requests.add, Right.personal_data),
    ("GET", "/yeu-cau/{request_id}", requests.show, Right.personal_data),
    ("POST", "/yeu-cau/{request_id}", requests.act, Right.personal_data),
    ("GET", "/yeu-cau/{request_id}/du-lieu.txt", requests.text_file, Right.personal_data),
    ("GET", "/yeu-cau/{request_id}/du-lieu.json", requests.json_file, Right.personal_data),
    ("GET", "/su-co", breaches.show_form, Right.personal_data),
    ("POST", "/su-co", breaches.add, Right.personal_data),
    ("GET", "/su-co/{breach_id}", breaches.show, Right.personal_data),
    ("POST", "/su-co/{breach_id}", breaches.change, Right.personal_data),
    ("POST", "/su-co/{breach_id}/danh-dau", breaches.mark, Right.personal_data),
    ("GET", "/su-co/{breach_id}/mau-08", breaches.show_notice, Right.personal_data),
    ("GET", "/ho-so-xu-ly", processing.show, Right.personal_data),
    ("GET", "/xom", hamlets.show, Right.edit_lists),
    ("POST", "/xom", hamlets.add, Right.edit_lists),
    ("GET", "/xom/{hamlet_id}", hamlets.show_one, Right.edit_lists),
    ("POST", "/xom/{hamlet_id}", hamlets.change, Right.edit_lists),
    ("POST", "/xom/{hamlet_id}/thu-tu", hamlets.move, Right.edit_lists),
    ("POST", "/xom/{hamlet_id}/trang-thai", hamlets.switch, Right.edit_lists),
    ("GET", "/xom/{hamlet_id}/gop", hamlets.ask_merge, Right.edit_lists),
    ("POST", "/xom/{hamlet_id}/gop", hamlets.merge, Right.edit_lists),
    ("GET", "/buoi-hoc", class_notes.show, Right.edit_lists),
    ("POST", "/buoi-hoc", class_notes.add, Right.edit_lists),
    ("GET", "/buoi-hoc/moi", class_notes.show_form, Right.edit_lists),
    ("GET", "/buoi-hoc/{note_id}", class_notes.show_one, Right.edit_lists),
    ("POST", "/buoi-hoc/{note_id}", class_notes.change, Right.edit_lists),
    ("POST", "/buoi-hoc/{note_id}/bo", class_notes.take_out, Right.edit_lists),
    ("POST", "/buoi-hoc/{note_id}/tinh-lai", class_notes.put_back, Right.edit_lists),
    ("GET", "/gia-dinh-so", models_lists.show_households, Right.edit_lists),
    ("POST", "/gia-dinh-so", models_lists.add_household, Right.edit_lists),
    ("GET", "/gia-dinh-so/{household_id}", models_lists.show_household, Right.edit_lists),
    ("POST", "/gia-dinh-so/{household_id}", models_lists.change_household, Right.edit_lists),
    ("GET", "/dai-su-so", models_lists.show_ambassadors, Right.edit_lists),
    ("POST", "/dai-su-so/{volunteer_id}", models_lists.mark_ambassador, Right.edit_lists),
    ("GET", "/nhap", imports.show, Right.edit_lists),
    ("POST", "/nhap", imports.upload, Right.edit_lists),
    ("GET", "/nhap/mau.xlsx", imports.template, Right.edit_lists),
    ("GET", "/nhap/{import_id}", imports.preview, Right.edit_lists),
    ("POST", "/nhap/{import_id}", imports.take_in, Right.edit_lists),
    ("GET", "/ke-hoach", plans.show, Right.see_plans),
    ("POST", "/ke-hoach", plans.upload, Right.edit_plans),
    ("GET", "/ke-hoach/quay-lai", plans.ask_rollback, Right.approve_plans),
    ("POST", "/ke-hoach/quay-lai", plans.rollback, Right.approve_plans),
    ("POST", "/ke-hoach/han-bao-cao", plan_progress.set_report_day, Right.enter_actuals),
    ("GET", "/ke-hoach/chi-tieu/{key}", plan_progress.show, Right.see_plans),
    ("POST", "/ke-hoach/chi-tieu/{key}/cach-tinh", plan_progress.choose, Right.enter_actuals),
    ("POST", "/ke-hoach/chi-tieu/{key}/so-lieu", plan_progress.enter, Right.enter_actuals),
    ("GET", "/ke-hoach/{version}", plans.show_version, Right.see_plans),
    ("POST", "/ke-hoach/{version}/dau", plans.save_head, Right.edit_plans),
    ("POST", "/ke-hoach/{version}/sua", plans.copy, Right.edit_plans),
    ("POST", "/ke-hoach/{version}/bo", plans.discard, Right.edit_plans),
    ("GET", "/ke-hoach/{version}/duyet", plans.ask_approve, Right.approve_plans),
    ("POST", "/ke-hoach/{version}/duyet", plans.approve, Right.approve_plans),
    ("GET", "/ke-hoach/{version}/{part}/{number}", plan_rows.show, Right.edit_plans),
    ("POST", "/ke-hoach/{version}/{part}/{number}", plan_rows.save, Right.edit_plans),
    ("GET", "/bao-cao", reports.show, Right.make_reports),
    ("POST", "/bao-cao", reports.open_draft, Right.make_reports),
    ("GET", "/bao-cao/mau", report_template_pages.show, Right.edit_report_template),
    ("POST", "/bao-cao/mau", report_template_pages.put, Right.edit_report_template),
    ("GET", "/bao-cao/mau.docx", report_template_pages.fetch, Right.edit_report_template),
    ("POST", "/bao-cao/mau/bo", report_template_pages.reset, Right.edit_report_template),
    ("GET", "/bao-cao/{report_id}", reports.show_one, Right.make_reports),
    ("POST", "/bao-cao/{report_id}", reports.save, Right.make_reports),
    ("POST", "/bao-cao/{report_id}/tinh-lai", reports.count_again, Right.make_reports),
    ("POST", "/bao-cao/{report_id}/da-gui", reports.mark_sent, Right.make_reports),
    ("POST", "/bao-cao/{report_id}/du-so", reports.unmasked, Right.make_reports),
    ("GET", "/bao-cao/{report_id}/bao-cao.docx", reports.docx, Right.make_reports),
    ("GET", "/bao-cao/{report_id}/bao-cao.xlsx", reports.xlsx, Right.make_reports),
    ("GET", "/tai-lieu", papers.show, Right.see_guides),
    ("GET", "/tai-lieu/ap-phich.pdf", papers.posters, Right.edit_lists),
    ("GET", "/tai-lieu/chu-de/{topic}.pdf", papers.topic_booklet, Right.see_guides),
    ("GET", "/tai-lieu/lo-trinh/{path}.pdf", papers.path_booklet, Right.see_guides),
    ("GET", "/tai-lieu/{slug}.pdf", papers.handout, Right.see_guides),
    ("GET", "/xom/{hamlet_id}/ap-phich.pdf", papers.poster, Right.edit_lists),
    ("GET", "/tai-khoan-can-bo", people.show, Right.manage_people),
    ("POST", "/tai-khoan-can-bo", people.add, Right.manage_people),
    ("GET", "/tai-khoan-can-bo/{account_id}", people.show_one, Right.manage_people),
    ("POST", "/tai-khoan-can-bo/{account_id}/vai-tro", people.set_roles, Right.manage_people),
    ("POST", "/tai-khoan-can-bo/{account_id}/duong-dan", people.renew_link, Right.manage_people),
    ("POST", "/tai-khoan-can-bo/{account_id}/bat-tat", people.switch, Right.manage_people),
    ("POST", "/tai-khoan-can-bo/{account_id}/xac-thuc", people.reset_second_factor, Right.manage_people),
    ("POST", "/tai-khoan-can-bo/{account_id}/dang-nhap-mot-lan", people.set_sso, Right.manage_people),
    ("GET", "/nhat-ky", audit_page.show, Right.see_audit),
    ("GET", "/cac-xa", district.show, Right.see_totals),
    ("GET", "/cac-xa.csv", district.export, Right.see_totals),
    ("GET", "/thong-bao", announcements.show, Right.send_announcements),
    ("POST", "/thong-bao", announcements.add, Right.send_announcements),
    ("GET", "/thong-bao/moi", announcements.show_form, Right.send_announcements),
    ("GET", "/thong-bao/{announcement_id}", announcements.show_one, Right.send_announcements),
    ("POST", "/thong-bao/{announcement_id}", announcements.act, Right.send_announcements),
    ("GET", "/thong-bao/{announcement_id}/sua", announcements.show_edit, Right.send_announcements),
    ("POST", "/thong-bao/{announcement_id}/sua", announcements.edit, Right.send_announcements),
    ("POST", "/thong-bao/{announcement_id}/thu", announcements.try_out, Right.send_announcements),
    ("GET", "/khoa-api", keys.show, Right.manage_keys),
    ("POST", "/khoa-api", keys.add, Right.manage_keys),
    ("POST", "/khoa-api/{key_id}/thu-hoi", keys.revoke, Right.manage_keys),
)


def add_staff_site(app: FastAPI, site: Site) -> None:
    """Put the staff site into the application, below `PREFIX`."""
    app.state.staff_site = site
    app.add_middleware(TooLargePage)
    app.include_router(staff_router())


@cache
def staff_router() -> APIRouter:
    """Every address, read once: taking 150 endpoints apart lasts half a second. It serves whatever
    site the application of a request has."""
    router = APIRouter(
        prefix=PREFIX,
        route_class=StaffRoute,
        include_in_schema=False,
        max_body_size=MAX_FORM_BYTES,
    )
    for method, path, endpoint in PUBLIC:
        _add(router, method, path, endpoint, (check_public_form, count_try) if method == "POST" else ())
    for method, path, endpoint in FIRST_STEPS:
        _add(router, method, path, endpoint, (signed_in_at_all, *_form_check(method)))
    for method, path, endpoint, right in INSIDE:
        _add(router, method, path, endpoint, (signed_in, needs(right), *_form_check(method)))
    return router


def _form_check(method: str) -> tuple[Callable[..., Any], ...]:
    return (check_staff_form,) if method == "POST" else ()


def _add(
    router: APIRouter,
    method: str,
    path: str,
    endpoint: Callable[..., Any],
    checks: tuple[Callable[..., Any], ...],
) -> None:
    router.add_api_route(
        path,
        endpoint,
        methods=[method],
        dependencies=[Depends(check) for check in checks],
        response_class=Response,
        response_model=None,
        max_body_size=LARGE_FORMS.get(path) if method == "POST" else None,
    )
