"""The staff site: what a commune's staff see and do behind the sign-in, at /staff.

Built by `staff.app.add_staff_site`; the first account by `staff.first_account`.
"""
