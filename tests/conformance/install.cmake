# cmake -D NPM=… -D SOURCE=… -D FOLDER=… -P install.cmake
#
# Installs the packages of SOURCE/package-lock.json below FOLDER, unless that was done for this very file.
file(SHA256 "${SOURCE}/package-lock.json" wanted)
set(stamp "${FOLDER}/installed")
if(EXISTS "${stamp}")
  file(READ "${stamp}" installed)
  if(installed STREQUAL wanted)
    return()
  endif()
endif()
file(MAKE_DIRECTORY "${FOLDER}")
file(COPY "${SOURCE}/package.json" "${SOURCE}/package-lock.json" DESTINATION "${FOLDER}")
execute_process(COMMAND "${NPM}" ci --ignore-scripts --no-audit --no-fund --no-update-notifier
  WORKING_DIRECTORY "${FOLDER}" RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "npm could not install the packages of ${SOURCE}/package.json, see above; is the network there?")
endif()
file(WRITE "${stamp}" "${wanted}")
