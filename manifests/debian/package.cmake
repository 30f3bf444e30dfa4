# studyctl_0.1.0_amd64.deb: `cmake --build build --target package`. Needs help2man and dpkg-dev.
include(GNUInstallDirs)
set(debian ${PROJECT_BINARY_DIR}/debian)
configure_file(${PROJECT_SOURCE_DIR}/manifests/debian/changelog ${debian}/changelog @ONLY)
add_custom_target(package_files
  COMMAND ${PROJECT_SOURCE_DIR}/manifests/debian/files.sh $<TARGET_FILE:studyctl> ${PROJECT_SOURCE_DIR}
          ${debian}/changelog ${debian}/files
  DEPENDS studyctl VERBATIM)

# What is installed is built for it, and nothing else: no tests.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
install(CODE "execute_process(COMMAND \"${CMAKE_COMMAND}\" --build \"${PROJECT_BINARY_DIR}\" --target package_files
                              COMMAND_ERROR_IS_FATAL ANY)")
install(TARGETS studyctl)
install(FILES manifests/studyctl.service DESTINATION lib/systemd/system)
install(FILES manifests/prometheus-rules.yaml manifests/grafana-dashboard.json manifests/study.schema.json
        DESTINATION ${CMAKE_INSTALL_DATADIR}/studyctl)
install(DIRECTORY ${debian}/files/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
install(DIRECTORY ${debian}/files/doc/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/studyctl)
install(FILES ${debian}/files/completions/bash RENAME studyctl
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${debian}/files/completions/zsh RENAME _studyctl
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${debian}/files/completions/fish RENAME studyctl.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME studyctl)
set(CPACK_PACKAGE_CONTACT "The studyctl maintainers <maintainers@studyctl.io>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "runs studies of thousands of experiments in containers")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"A manifest says which parameters vary, what runs and what is measured; studyctl
runs every experiment in a fresh container of Docker or Podman, retries what
may be retried, goes on after a crash, and tells what the measurements come to.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "docker.io | podman, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "prometheus, sqlite3, zstd")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
