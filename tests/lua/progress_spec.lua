local progress = require "moonshift.progress"

-- {options, output, fraction, phase}
local cases = {
  { {}, "nothing here\n", nil },
  { {}, "moonshift::progress 0.4 Encoding\n", 0.4, "Encoding" },
  { {}, "2024-05-02T21:14:00Z moonshift::progress 0.5\nmore\n", 0.5 },
  { {}, "moonshift::progress 0.1\nmoonshift::progress 7\n", 1 },
  { {}, 'x\n{"moonshift_progress": 0.25, "phase": "sim"}\n', 0.25, "sim" },
  { { progress = "percent" }, "10 %\n55.5% done\n", 0.555 },
  { { progress = "frames" }, "Rendering frame 3/12 of sh010\n", 0.25, "frame 3 of 12" },
  { { progress = "nuke" }, "Frame 1001 (2 of 8)\n", 0.25, "frame 2 of 8" },
  { { progress = "blender" }, "Fra:1 Mem:8M | Sample 32/128\n", 0.25, "sample 32 of 128" },
  { { progress = "ffmpeg" }, "  Duration: 00:01:40.00, start: 0\nframe=1 time=00:00:25.00 speed=2x", 0.25 },
  { { progress = "ffmpeg" }, "frame=1 time=00:00:25.00 speed=2x", nil },
  { { progress_pattern = "done (%d+) of (%d+)" }, "done 1 of 4", 0.25 },
  { { progress_pattern = "at (%d+)" }, "at 30", 0.3 },
  { { progress_pattern = "(%d+)/(%d+)" }, "1/0", nil },
}

describe("progress", function()
  it("is read from the end of the output", function()
    for _, case in ipairs(cases) do
      local fraction, phase = progress.reader(case[1])(case[2])
      assert.equal(case[3], fraction, case[2])
      assert.equal(case[4], phase, case[2])
    end
  end)

  it("refuses what is no pattern", function()
    assert.has_error(function() progress.reader { progress_pattern = "(%d+" } end)
    assert.has_error(function() progress.reader { progress_pattern = "%d+" } end)
  end)
end)
