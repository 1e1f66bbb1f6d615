local support = require "support"
local system = require "moonshift.core.system"
local uv = require "luv"

describe("support.run", function()
  it("gives output, errors and exit code", function()
    local result = support.run { program = "sh", "-c", "echo out; echo err >&2; exit 3" }
    assert.same({ "out\n", "err\n", 3 }, { result.stdout, result.stderr, result.exit_code })
  end)

  it("passes input and environment on", function()
    local result = support.run {
      program = "sh", "-c", "cat; echo $GREETING ${HOME:-nobody}",
      input = "in ", environment = { GREETING = "hello", HOME = false },
    }
    assert.equal("in hello nobody\n", result.stdout)
  end)

  it("tells the signal that ended it", function()
    assert.equal(9, support.run { program = "sh", "-c", "kill -9 $$" }.signal)
  end)

  it("finds the program itself", function()
    assert.equal("moonshift " .. system.version .. "\n", support.run { "version" }.stdout)
  end)
end)

describe("support.folder", function()
  it("goes away with what is in it", function()
    local path
    do
      local folder <close> = support.folder()
      path = folder.path
      assert.equal("text", support.read(support.write(path .. "/a/b", "text")))
    end
    assert.is_nil(uv.fs_stat(path))
  end)
end)
