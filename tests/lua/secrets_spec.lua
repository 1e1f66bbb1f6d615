local secrets = require "moonshift.secrets"
local support = require "support"

describe("secrets", function()
  it("are told by the words of a name", function()
    for _, name in ipairs { "FTRACK_API_KEY", "FTRACK_APIKEY", "--api-key", "GITHUB_TOKEN", "db-password" } do
      assert.is_true(secrets.is_secret_name(name), name)
    end
    for _, name in ipairs { "HOME", "MONKEY", "KEYBOARD", "TOKENIZER", "--keys-per-frame" } do
      assert.is_false(secrets.is_secret_name(name), name)
    end
  end)

  it("are the values of such variables, longest first", function()
    assert.same({ "longer-secret", "secret" }, secrets.of_environment {
      A_TOKEN = "secret", B_KEY = "longer-secret", C_KEY = "abc", D_KEY = "file:/run/key", HOME = "/home/ada",
    })
  end)

  it("are masked wherever they are", function()
    assert.equal("a *** b ***", secrets.mask("a secret b secret", { "secret" }))
    assert.equal("(.*) stays", secrets.mask("(.*) stays", { "%a+" }))
  end)

  it("are masked in command lines", function()
    assert.same({ "curl", "--token", "***", "--api-key=***", "-v", "x***y" },
      secrets.mask_arguments({ "curl", "--token", "abc", "--api-key=def", "-v", "xsecrety" }, { "secret" }))
    assert.same({ "tool", "--password", "--verbose" },
      secrets.mask_arguments({ "tool", "--password", "--verbose" }, {}))
  end)

  it("may be named in config.lua", function()
    local folder <close> = support.folder()
    local config = support.write(folder.path .. "/config.lua", 'return { secrets = { "STUDIO_LICENSE" } }')
    local result = support.run {
      "wrap", "--quiet", "--log", "always", "--data", folder.path .. "/data", "--", "sh", "-c", "echo $STUDIO_LICENSE",
      environment = { MOONSHIFT_CONFIG = config, STUDIO_LICENSE = "floating-42", XDG_STATE_HOME = folder.path },
    }
    assert.equal(0, result.exit_code, result.stderr)
    local id = support.run({ "jobs", "--data", folder.path .. "/data" }).stdout:match "\n(%x+)"
    support.run { "download", "--data", folder.path .. "/data", "-o", folder.path .. "/out", id }
    assert.matches("Z %*%*%*\n$", support.read(folder.path .. "/out/output.log"))
  end)
end)
