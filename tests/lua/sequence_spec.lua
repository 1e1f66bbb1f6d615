--- Sequences in text, and those that hide among paths.

local errors = require "moonshift.errors"
local sequence = require "moonshift.sequence"

local function formatted(paths)
  local sequences, others = sequence.detect(paths)
  local list = {}
  for i, one in ipairs(sequences) do list[i] = sequence.format(one) end
  return list, others
end

describe("a sequence", function()
  it("is read and printed", function()
    local seq = sequence.parse "/plates/sh010.%04d.exr [10-12, 7, 1-2,2]"
    assert.same({ head = "/plates/sh010.", tail = ".exr", padding = 4, indexes = { 1, 2, 7, 10, 11, 12 } }, seq)
    assert.equal("/plates/sh010.%04d.exr [1-2, 7, 10-12]", sequence.format(seq))
    assert.equal("/plates/sh010.0007.exr", sequence.path(seq, 7))
    assert.equal("/plates/sh010.12345.exr", sequence.path(seq, 12345))
    assert.same({ "sh010", ".exr" }, { sequence.split_name(seq) })
  end)

  it("may have no padding", function()
    local seq = sequence.parse "f%d [9-11]"
    assert.equal(0, seq.padding)
    assert.equal("f9", sequence.path(seq, 9))
    assert.equal("f%d [9-11]", sequence.format(seq))
    assert.same({ "f", "" }, { sequence.split_name(seq) })
    assert.same({ "main", ".png" }, { sequence.split_name(sequence.parse "/a/%04d.png [1-2]") })
  end)

  it("is not every text", function()
    for _, text in ipairs { "a.mov", "a.%04d.exr", "a [1-5]", "a.*.exr", "" } do
      assert.is_nil(sequence.parse(text))
    end
  end)

  it("refuses lists that are wrong", function()
    for text, part in pairs {
      ["a.%04d.exr [5-1]"] = "backwards", ["a.%04d.exr [1-x]"] = "neither", ["a.%04d.exr []"] = "names no files",
      ["a.%d.exr [1-99999999999]"] = "more than", ["a.%0100d.exr [1-2]"] = "at most 15 digits",
      ["a.%04d.exr [99999999999999999999]"] = "more than 15 digits",
    } do
      local ok, err = pcall(sequence.parse, text)
      assert.is_false(ok)
      assert.matches(part, errors.message(err), 1, true)
    end
  end)
end)

describe("among paths", function()
  it("sequences are found by their last number", function()
    local found, others = formatted {
      "/p/sh010_v002.0001.exr", "/p/sh010_v002.0002.exr", "/p/sh010_v002.0004.exr", "/p/notes.txt",
      "/p/single.0001.exr",
    }
    assert.same({ "/p/sh010_v002.%04d.exr [1-2, 4]" }, found)
    assert.same({ "/p/notes.txt", "/p/single.0001.exr" }, others)
  end)

  it("leading zeros mean padding, and its width goes on without them", function()
    assert.same({ "f.%03d.exr [99-101]" }, (formatted { "f.099.exr", "f.100.exr", "f.101.exr" }))
    assert.same({ "f.%d.exr [9-11]" }, (formatted { "f.9.exr", "f.10.exr", "f.11.exr" }))
    assert.same({ "f.%02d.x [1-2]", "f.%03d.x [1-2]" }, (formatted { "f.01.x", "f.02.x", "f.001.x", "f.002.x" }))
  end)

  it("a digit in an extension is no frame", function()
    local found, others = formatted { "a1.mp4", "a2.mp4" }
    assert.same({ "a%d.mp4 [1-2]" }, found)
    assert.same({}, others)
    found, others = formatted { "clip.mp3", "clip.mp4" }
    assert.same({}, found)
    assert.equal(2, #others)
  end)

  it("a frame may stand at the end", function()
    assert.same({ "cache.%04d [1-2]" }, (formatted { "cache.0001", "cache.0002" }))
  end)

  it("numbers below zero, gaps and more digits than the padding are as the official client's", function()
    local found, others = formatted { "f.-0002.exr", "f.-0001.exr", "f.0000.exr", "f.0001.exr" }
    assert.same({ "f.-%04d.exr [1-2]", "f.%04d.exr [0-1]" }, found)
    assert.same({}, others)
    found, others = formatted { "f.0998.exr", "f.0999.exr", "f.1000.exr", "f.1003.exr", "f.10000.exr" }
    assert.same({ "f.%04d.exr [998-1000, 1003]" }, found)
    assert.same({ "f.10000.exr" }, others)
    found, others = formatted { "f.0.exr", "f.1.exr", "f.00.exr", "f.01.exr", "f.10.exr" }
    table.sort(found)
    assert.same({ "f.%02d.exr [0-1, 10]", "f.%d.exr [0-1]" }, found)
    assert.same({}, others)
  end)

  it("folders are kept apart", function()
    local found, others = formatted { "/a/f.1.exr", "/b/f.2.exr" }
    assert.same({}, found)
    assert.equal(2, #others)
  end)
end)
