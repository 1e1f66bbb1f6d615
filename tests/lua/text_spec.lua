--- How figures and names read.

local text = require "moonshift.text"

describe("text", function()
  it("is visible, whatever a file is called", function()
    assert.equal("plain – ünï 日本", text.visible "plain – ünï 日本")
    assert.equal("a?b??[31mred?", text.visible "a\nb\r\27[31mred\7")
    assert.equal("c1?2J, bidi ?exe.?", text.visible "c1\xC2\x9B2J, bidi \u{202E}exe.\u{2066}")
    assert.equal("a b?[m", text.fit("a\n\tb\27[m", 20))
  end)

  it("is UTF-8, whatever a file is called", function()
    assert.equal("ünï", text.valid "ünï")
    assert.equal("lat?n", text.valid "lat\xe9n")
  end)
end)
