"""Passwords of twelve characters and more that are tried first; written by hand, in small letters.

Spaces are taken out before comparing, so each entry stands for its spaced forms too.
"""

COMMON_PASSWORDS = frozenset(
    """
    000000000000 0000000000000000 012345678901 0123456789012 01234567890123 098765432100
    098765432109 111111111111 111122223333 112233445566 11223344556677 121212121212
    123123123123 123321123321 1234123412341234 123412341234 123456123456 1234567890-=
    12345678900987654321 1234567890abc 1234567890qwe 1234567890qwerty 123456789012
    1234567890123 12345678901234 123456789012345 1234567890123456 123456789abc 123456789qwe
    123456789qwerty 123456abcdef 123456qwerty 123abc123abc 123qwe123qwe 147258369147
    1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i 1qaz2wsx3edc 1qaz2wsx3edc4rfv 222222222222
    333333333333 444444444444 555555555555 666666666666 777777777777 888888888888 987654321000
    987654321012 999999999999 a1b2c3d4e5f6 aaaaaaaaaaaa abc123abc123 abc123456789 abcabcabcabc
    abcd12345678 abcdefabcdef abcdefghijkl abcdefghijklm abcdefghijklmnopqrstuvwxyz
    admin1234567 admin12345678 admin123456789 adminadmin123 adminadminadmin administrator
    administrator1 administrator123 asdfasdfasdf asdfghjkl123 asdfghjkl;' asdfghjklzxcvbnm
    changeme1234 changemenow123 correcthorsebatterystaple iloveyou1234 iloveyou12345
    iloveyouiloveyou letmein123456 letmeinletmein p@ssw0rd1234 p@ssword1234 passw0rd1234
    password1234 password12345 password123456 password123456789 passwordpassword
    qazwsxedcrfv qazwsxedcrfvtgb qwer1234qwer qwertyqwerty qwertyuiop12 qwertyuiop123
    qwertyuiop123456 qwertyuiop[] qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm
    welcome12345 welcome123456 zxcvbnm12345 zxcvbnm123456 zxcvbnmasdfghjkl
    anhyeuem1234 anhyeuem123456 anhyeuemnhieu anhyeuemnhieulam anhyeuemyeuanh anhyêuemnhiều
    bacho1905189 baomat123456 binhdanhocvu binhdanhocvuso binhdanhocvuso123 bìnhdânhọcvụsố
    bochinhtri123 canbo1234567 canboxa123456 chinhquyen123 chuyendoiso123 chuyendoiso2025
    chuyendoiso2026 chuyểnđổisố chungtacungtienbuoc conyeubome123 dangnhap1234 dangnhap123456
    doimatkhau123 emyeuanhnhieu gia_dinh_hanh_phuc giadinhhanhphuc giadinhlaso1 gialinh123456
    hanhphuc1234 hanoi1234567 hochiminh123 hochiminh1905 hocvuso12345 hocvuso123456
    khongbietnua khongcogi123 khongcomatkhau khongnho1234 khongthequen lamsaobietduoc
    matkhau12345 matkhau123456 matkhau123456789 matkhaumatkhau matkhaumoi123 mậtkhẩu123456
    motconvitxoeracaicanh motnamhaibabon motharabonnam nguoiyeuoi123 nguyenvana123
    nhomatkhau123 quantri12345 quantri123456 quantrivien1 quantrivien123 saigon123456
    sonladienbien tinhyeu12345 toiyeuvietnam tôiyêuviệtnam thanhcong123 thainguyen20
    thainguyen123 ubnd12345678 ubndxa123456 uybannhandan uybannhandanxa uỷbannhândân
    ủybannhândân vietnam12345 vietnam123456 vietnam1945 vietnamvodich vietnamquehuongtoi
    vneid1234567 xincamon1234 xinchao12345 xinchao123456 yeuemnhieulam yeuvietnam123
    """.split()
)
