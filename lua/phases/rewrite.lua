require("router.router").rewrite()
