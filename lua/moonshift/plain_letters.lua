--- Letters with marks, to the plain ones of ASCII: what compatibility decomposition (NFKD) makes of the letters of
--- European languages. Other letters outside of ASCII go away.

---@class moonshift.plain_letters
local plain_letters = {}

local MARKED = {
  A = "ÀÁÂÃÄÅĀĂĄ",
  C = "ÇĆĈĊČ",
  D = "Ď",
  E = "ÈÉÊËĒĔĖĘĚ",
  G = "ĜĞĠĢ",
  H = "Ĥ",
  I = "ÌÍÎÏĨĪĬĮİ",
  IJ = "Ĳ",
  J = "Ĵ",
  K = "Ķ",
  L = "ĹĻĽĿ",
  N = "ÑŃŅŇ",
  O = "ÒÓÔÕÖŌŎŐ",
  R = "ŔŖŘ",
  S = "ŚŜŞŠ",
  T = "ŢŤ",
  U = "ÙÚÛÜŨŪŬŮŰŲ",
  W = "Ŵ",
  Y = "ÝŶŸ",
  Z = "ŹŻŽ",
  a = "àáâãäåāăą",
  c = "çćĉċč",
  d = "ď",
  e = "èéêëēĕėęě",
  g = "ĝğġģ",
  h = "ĥ",
  i = "ìíîïĩīĭį",
  ij = "ĳ",
  j = "ĵ",
  k = "ķ",
  l = "ĺļľŀ",
  n = "ñńņňŉ",
  o = "òóôõöōŏő",
  r = "ŕŗř",
  s = "śŝşšſ",
  t = "ţť",
  u = "ùúûüũūŭůűų",
  w = "ŵ",
  y = "ýÿŷ",
  z = "źżž",
}

local PLAIN = {}
for plain, letters in pairs(MARKED) do
  for _, code in utf8.codes(letters) do PLAIN[code] = plain end
end

--- The text in ASCII.
---@param text string Text that is not UTF-8 loses its bytes outside of ASCII.
---@return string
function plain_letters.of(text)
  if not utf8.len(text) then return (text:gsub("[\128-\255]", "")) end
  return (text:gsub(utf8.charpattern, function(letter)
    return #letter > 1 and (PLAIN[utf8.codepoint(letter)] or "") or nil
  end))
end

return plain_letters
