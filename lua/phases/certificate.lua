require("tls.certificate").serve()
