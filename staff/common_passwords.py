"""Passwords of twelve characters and more that are tried first.

Some are written out, the rest is made by the rule most people follow: a word, a name or a run of
keys, then digits. Spaces and marks are taken out before comparing, so each entry stands for its
other spellings too.
"""

from collections.abc import Iterator

LEAST = 12  # characters: shorter ones cannot be set in any case

_LISTED = """
000000000000 0000000000000000 012345678901 0123456789012 01234567890123 098765432100
098765432109 111111111111 111122223333 112233445566 11223344556677 121212121212 123123123123
123321123321 1234123412341234 123412341234 123456123456 1234567890-= 12345678900987654321
1234567890abc 1234567890qwe 1234567890qwerty 123456789012 1234567890123 12345678901234
123456789012345 1234567890123456 123456789abc 123456789qwe 123456789qwerty 123456abcdef
123456qwerty 123abc123abc 123qwe123qwe 147258369147 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1q2w3e4r5t6y7u8i
1qaz2wsx3edc 1qaz2wsx3edc4rfv 222222222222 333333333333 444444444444 555555555555 666666666666
777777777777 888888888888 987654321000 987654321012 999999999999 a1b2c3d4e5f6 aaaaaaaaaaaa
abc123abc123 abc123456789 abcabcabcabc abcd12345678 abcdefabcdef abcdefghijkl abcdefghijklm
abcdefghijklmnopqrstuvwxyz admin1234567 admin12345678 admin123456789 adminadmin123
adminadminadmin administrator administrator1 administrator123 asdfasdfasdf asdfghjkl123
asdfghjklzxcvbnm changeme1234 changemenow123 correcthorsebatterystaple iloveyou1234
iloveyou12345 iloveyouiloveyou letmein123456 letmeinletmein p@ssw0rd1234 p@ssword1234
passw0rd1234 password1234 password12345 password123456 password123456789 passwordpassword
qazwsxedcrfv qazwsxedcrfvtgb qwer1234qwer qwertyqwerty qwertyuiop12 qwertyuiop123
qwertyuiop123456 qwertyuiop[] qwertyuiopasdfghjkl qwertyuiopasdfghjklzxcvbnm welcome12345
welcome123456 zxcvbnm12345 zxcvbnm123456 zxcvbnmasdfghjkl anhyeuem1234 anhyeuem123456
anhyeuemnhieu anhyeuemnhieulam anhyeuemyeuanh anhyêuemnhiều bacho1905189 baomat123456
binhdanhocvu binhdanhocvuso binhdanhocvuso123 bìnhdânhọcvụsố bochinhtri123 canbo1234567
canboxa123456 chinhquyen123 chuyendoiso123 chuyendoiso2025 chuyendoiso2026 chungtacungtienbuoc
conyeubome123 dangnhap1234 dangnhap123456 doimatkhau123 emyeuanhnhieu gia_dinh_hanh_phuc
giadinhhanhphuc giadinhlaso1 gialinh123456 hanhphuc1234 hanoi1234567 hochiminh123 hochiminh1905
hocvuso12345 hocvuso123456 khongbietnua khongcogi123 khongcomatkhau khongnho1234 khongthequen
lamsaobietduoc matkhau12345 matkhau123456 matkhau123456789 matkhaumatkhau matkhaumoi123
mậtkhẩu123456 motconvitxoeracaicanh motnamhaibabon motharabonnam nguoiyeuoi123 nguyenvana123
nhomatkhau123 quantri12345 quantri123456 quantrivien1 quantrivien123 saigon123456 sonladienbien
tinhyeu12345 toiyeuvietnam tôiyêuviệtnam thanhcong123 thainguyen20 thainguyen123 ubnd12345678
ubndxa123456 uybannhandan uybannhandanxa uỷbannhândân ủybannhândân vietnam12345 vietnam123456
vietnamvodich vietnamquehuongtoi vneid1234567 xincamon1234 xinchao12345 xinchao123456
yeuemnhieulam yeuvietnam123
"""

# What passwords begin with: the words of every list of leaked passwords, and what people here choose.
_STEMS = """
123456 1234567 12345678 123456789 1234567890 654321 987654321 111111 000000 123123 112233 121212 666666
888888 999999 qwerty qwertyuiop qwert asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx 1qaz2wsx q1w2e3r4 1q2w3e4r
1q2w3e4r5t abc123 abcdef abcd1234 a1b2c3 password passw0rd p@ssword p@ssw0rd pass admin administrator
root user guest test demo login letmein welcome hello iloveyou sunshine princess monkey dragon football
baseball superman batman master shadow michael charlie jordan secret internet computer samsung iphone
nokia google facebook zalo gmail yahoo windows changeme default temp summer winter spring autumn love
lovely angel baby family flower butterfly matkhau matkhaumoi mat_khau khongco khongbiet anhyeuem emyeuanh
yeuem yeuanh anhnhoem emnhoanh iuanh iuem conyeu meyeu bame boyeume giadinh giadinhtoi hanhphuc binhan
maimai tinhyeu nguoiyeu banbe thanhcong maymanh phuloc phattai locphat vietnam toiyeuvietnam hanoi saigon
haiphong danang hue cantho nghean thanhhoa hatinh namdinh thaibinh haiduong hungyen bacninh bacgiang
thainguyen phutho quangninh quangnam quangngai binhdinh khanhhoa lamdong daklak gialai dongnai
binhduong longan tiengiang angiang kiengiang camau vinhlong dongthap trangdai nguyen nguyenvan tranvan
levan phamvan hoangvan vuvan dangvan buivan dovan nguyenthi tranthi lethi phamthi hoang tuananh minhanh
ngocanh quynhanh thuyduong thanhtung ducanh quanghuy hoanglong manhhung tuankiet hoangnam hoanganh
phuonganh phuongthao thuyduyen thuylinh khanhlinh hoailinh mylinh maianh lananh tuan hung dung cuong hai
nam minh long linh huong lan hoa mai phuong thao trang canbo canboxa congan congchuc viencchuc ubnd ubndxa
ubndphuong uyban ubnhandan uybannhandan xaphuong thonxom thonban todanpho chuyendoiso congnghe congnghe4
binhdan hocvu hocvuso binhdanhocvu vneid dinhdanh dichvucong quantri quantrivien truongthon bithu chutich
thuky ketoan vanthu tuphap diachinh hotich giaoduc mamnon truonghoc giaovien hocsinh sinhvien daihoc
doanvien dangvien phunu nongdan thanhnien cuuchienbinh mattran chinhquyen nhandan bacho hochiminh
dienbienphu cachmang doclap tudo bongda manunited realmadrid ronaldo messi lienminh lienquan freefire
naruto doremon pikachu hellokitty khongcogi
""".split()
_ENDINGS = """
1 12 123 1234 12345 123456 1234567 12345678 123456789 0 00 000 0000 01 1111 111111 321 4321 54321 654321
2000 2010 2019 2020 2021 2022 2023 2024 2025 2026 2027 1970 1975 1980 1985 1986 1987 1988 1989 1990 1991
1992 1993 1994 1995 1996 1997 1998 1999 @123 @1234 @12345 @123456 @2024 @2025 @2026 #123 !123 abc xyz vn
1975 3004 0209 1905 6789 6868 8888 9999 68 79 86 88 99
""".split()


def _by_rule() -> Iterator[str]:
    for stem in _STEMS:
        yield from (stem + ending for ending in _ENDINGS)
        yield from (stem * times for times in (2, 3))


COMMON_PASSWORDS = frozenset(
    password for password in (*_LISTED.split(), *_by_rule()) if len(password) >= LEAST
)
