require("balancer.balancer").balance()
