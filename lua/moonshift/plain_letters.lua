--- Letters and signs outside of ASCII, to plain ones: what compatibility decomposition (NFKD) leaves of them in ASCII,
--- for Latin letters, ligatures, digits and punctuation. What else there is goes away.

---@class moonshift.plain_letters
local plain_letters = {}

local MARKED = {
  A = "ÀÁÂÃÄÅĀĂĄǍǞǠǺȀȂȦḀẠẢẤẦẨẪẬẮẰẲẴẶÅ",
  B = "ḂḄḆℬ",
  C = "ÇĆĈĊČḈℂ℃ℭⅭ",
  D = "ĎḊḌḎḐḒⅅⅮ",
  DZ = "ǄǱ",
  Dz = "ǅǲ",
  E = "ÈÉÊËĒĔĖĘĚȄȆȨḔḖḘḚḜẸẺẼẾỀỂỄỆℰ",
  F = "Ḟ℉ℱ",
  FAX = "℻",
  G = "ĜĞĠĢǦǴḠ",
  H = "ĤȞḢḤḦḨḪℋℌℍ",
  I = "ÌÍÎÏĨĪĬĮİǏȈȊḬḮỈỊℐℑⅠ",
  II = "Ⅱ",
  III = "Ⅲ",
  IJ = "Ĳ",
  IV = "Ⅳ",
  IX = "Ⅸ",
  J = "Ĵ",
  K = "ĶǨḰḲḴK",
  L = "ĹĻĽĿḶḸḺḼℒⅬ",
  LJ = "Ǉ",
  Lj = "ǈ",
  M = "ḾṀṂℳⅯ",
  N = "ÑŃŅŇǸṄṆṈṊℕ",
  NJ = "Ǌ",
  Nj = "ǋ",
  No = "№",
  O = "ÒÓÔÕÖŌŎŐƠǑǪǬȌȎȪȬȮȰṌṎṐṒỌỎỐỒỔỖỘỚỜỞỠỢ",
  P = "ṔṖℙ",
  Q = "ℚ",
  R = "ŔŖŘȐȒṘṚṜṞℛℜℝ",
  S = "ŚŜŞŠȘṠṢṤṦṨ",
  SM = "℠",
  T = "ŢŤȚṪṬṮṰ",
  TEL = "℡",
  TM = "™",
  U = "ÙÚÛÜŨŪŬŮŰŲƯǓǕǗǙǛȔȖṲṴṶṸṺỤỦỨỪỬỮỰ",
  V = "ṼṾⅤ",
  VI = "Ⅵ",
  VII = "Ⅶ",
  VIII = "Ⅷ",
  W = "ŴẀẂẄẆẈ",
  X = "ẊẌⅩ",
  XI = "Ⅺ",
  XII = "Ⅻ",
  Y = "ÝŶŸȲẎỲỴỶỸ",
  Z = "ŹŻŽẐẒẔℤℨ",
  a = "ªàáâãäåāăąǎǟǡǻȁȃȧḁẚạảấầẩẫậắằẳẵặₐ",
  b = "ḃḅḇ",
  c = "çćĉċčḉⅽ",
  d = "ďḋḍḏḑḓⅆⅾ",
  dz = "ǆǳ",
  e = "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệₑℯⅇ",
  f = "ḟ",
  ff = "ﬀ",
  ffi = "ﬃ",
  ffl = "ﬄ",
  fi = "ﬁ",
  fl = "ﬂ",
  g = "ĝğġģǧǵḡℊ",
  h = "ĥȟḣḥḧḩḫẖₕℎ",
  i = "ìíîïĩīĭįǐȉȋḭḯỉịⁱℹⅈⅰ",
  ii = "ⅱ",
  iii = "ⅲ",
  ij = "ĳ",
  iv = "ⅳ",
  ix = "ⅸ",
  j = "ĵǰⅉ",
  k = "ķǩḱḳḵₖ",
  l = "ĺļľŀḷḹḻḽₗℓⅼ",
  lj = "ǉ",
  m = "ḿṁṃₘⅿ",
  n = "ñńņňŉǹṅṇṉṋⁿₙ",
  nj = "ǌ",
  o = "ºòóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợₒℴ",
  p = "ṕṗₚ",
  r = "ŕŗřȑȓṙṛṝṟ",
  s = "śŝşšſșṡṣṥṧṩẛₛ",
  st = "ﬅﬆ",
  t = "ţťțṫṭṯṱẗₜ",
  u = "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự",
  v = "ṽṿⅴ",
  vi = "ⅵ",
  vii = "ⅶ",
  viii = "ⅷ",
  w = "ŵẁẃẅẇẉẘ",
  x = "ẋẍₓⅹ",
  xi = "ⅺ",
  xii = "ⅻ",
  y = "ýÿŷȳẏẙỳỵỷỹ",
  z = "źżžẑẓẕ",
}

local SIGNS = {
  [" "] = "\u{A0}\u{A8}\u{AF}\u{B4}\u{B8}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}"
    .. "\u{2007}\u{2008}\u{2009}\u{200A}‗\u{202F}‾\u{205F}",
  ["!!"] = "‼",
  ["!?"] = "⁉",
  ["("] = "⁽₍",
  [")"] = "⁾₎",
  ["+"] = "⁺₊",
  ["."] = "․",
  [".."] = "‥",
  ["..."] = "…",
  ["0"] = "⁰₀",
  ["03"] = "↉",
  ["1"] = "¹₁⅟",
  ["110"] = "⅒",
  ["12"] = "½",
  ["13"] = "⅓",
  ["14"] = "¼",
  ["15"] = "⅕",
  ["16"] = "⅙",
  ["17"] = "⅐",
  ["18"] = "⅛",
  ["19"] = "⅑",
  ["2"] = "²₂",
  ["23"] = "⅔",
  ["25"] = "⅖",
  ["3"] = "³₃",
  ["34"] = "¾",
  ["35"] = "⅗",
  ["38"] = "⅜",
  ["4"] = "⁴₄",
  ["45"] = "⅘",
  ["5"] = "⁵₅",
  ["56"] = "⅚",
  ["58"] = "⅝",
  ["6"] = "⁶₆",
  ["7"] = "⁷₇",
  ["78"] = "⅞",
  ["8"] = "⁸₈",
  ["9"] = "⁹₉",
  ["="] = "⁼₌",
  ["?!"] = "⁈",
  ["??"] = "⁇",
  ["a/c"] = "℀",
  ["a/s"] = "℁",
  ["c/o"] = "℅",
  ["c/u"] = "℆",
}

local PLAIN = {}
for _, set in ipairs { MARKED, SIGNS } do
  for plain, marked in pairs(set) do
    for _, code in utf8.codes(marked) do PLAIN[code] = plain end
  end
end

-- The forms as wide as an ideograph follow ASCII's order.
local WIDE_FIRST, WIDE_LAST, ASCII_FIRST = 0xFF01, 0xFF5E, 0x21

local function plain_of(code)
  if code >= WIDE_FIRST and code <= WIDE_LAST then return string.char(code - WIDE_FIRST + ASCII_FIRST) end
  return PLAIN[code] or ""
end

--- The text in ASCII.
---@param text string Text that is not UTF-8 loses its bytes outside of ASCII.
---@return string
function plain_letters.of(text)
  if not utf8.len(text) then return (text:gsub("[\128-\255]", "")) end
  return (text:gsub(utf8.charpattern, function(letter)
    return #letter > 1 and plain_of(utf8.codepoint(letter)) or nil
  end))
end

return plain_letters
