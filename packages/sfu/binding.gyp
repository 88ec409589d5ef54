{
  "targets": [
    {
      "target_name": "packet_port",
      "sources": [
        "native/addon.cc",
        "native/address.cc",
        "native/bench_echo.cc",
        "native/bench_floor.cc",
        "native/datagram_bio.cc",
        "native/dtls_association.cc",
        "native/dtls_certificate.cc",
        "native/dtls_context.cc",
        "native/header_template.cc",
        "native/hmac_method.cc",
        "native/napi_support.cc",
        "native/packet_sender.cc",
        "native/port.cc",
        "native/port_methods.cc",
        "native/port_object.cc",
        "native/port_tcp.cc",
        "native/receiver.cc",
        "native/send_plan.cc",
        "native/session_table.cc",
        "native/socket_binding.cc",
        "native/srtp_cipher.cc",
        "native/srtp_keys.cc",
        "native/srtp_receiver.cc",
        "native/tcp_socket.cc",
        "native/testing.cc",
        "native/udp_socket.cc"
      ],
      # OPENSSL_SUPPRESS_DEPRECATED: the low-level SHA1 functions, see native/hmac_sha1.h.
      "defines": ["NAPI_VERSION=8", "OPENSSL_SUPPRESS_DEPRECATED"],
      "cflags!": ["-O2"],
      "cflags_cc!": ["-std=gnu++17", "-std=gnu++20", "-O2"],
      "cflags": ["-O3", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wshadow", "-Werror"],
      "cflags_cc": ["-std=c++17", "-fno-exceptions", "-fno-rtti", "-fvisibility-inlines-hidden"],
      "xcode_settings": {
        "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
        "GCC_ENABLE_CPP_RTTI": "NO",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "GCC_OPTIMIZATION_LEVEL": "3",
        "CLANG_CXX_LANGUAGE_STANDARD": "c++17",
        "WARNING_CFLAGS": ["-Wall", "-Wextra", "-Wshadow"]
      },
      "conditions": [
        # OpenSSL and libuv are the ones that Node exports. A symbol it lacks fails at load, not at the first call.
        ["OS=='linux'", { "ldflags": ["-Wl,-z,now", "-Wl,-z,relro"] }]
      ]
    }
  ]
}
