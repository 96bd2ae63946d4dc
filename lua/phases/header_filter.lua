require("router.response").filter()
